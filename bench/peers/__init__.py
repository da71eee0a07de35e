"""Servers that bench.fan_out compares TableTap with."""
