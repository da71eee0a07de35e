"""Puts the layers together: the only package that knows them all, run by tabletap.py."""
