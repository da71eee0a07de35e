"""Ids of specimens: recognisable, and of the length that real ones have."""


def make_id(number: int) -> str:
    """Make an identifier that is valid and tells its number."""
    return f"00000000-0000-7000-8000-{number:012d}"
