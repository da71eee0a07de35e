"""Pure rules of a cafe: no framework, driver, clock, randomness, loop or log.

Everything here takes what it needs as arguments (`now`, `new_id`) and returns values.
Imported by every other layer; imports nothing but the standard library and msgspec.
"""
