"""Specimens: made-up views of every card in its states, for /styleguide and for looking at pages.

Pure and deterministic: the same moment gives the same views. Nothing here is ever stored.
"""
