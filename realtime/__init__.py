"""Delivery of what was committed: publications, rooms, sessions, outboxes. Knows no table."""
