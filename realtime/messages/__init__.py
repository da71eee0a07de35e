"""Every message on the wire as a typed struct, one module per part of the product.

`catalogue.MESSAGES` lists them all; AsyncAPI, docs/protocol.md and the golden files follow it.
"""
