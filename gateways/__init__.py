"""Adapters to the outside world, one module per system: network only, no database."""
