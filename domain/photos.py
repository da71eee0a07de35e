"""Photos of dishes: in which sizes they are kept and where a browser finds them.

An upload is never kept as it came: it is decoded, cut to these sizes and written anew
(gateways/pictures.py), so that neither its metadata nor anything hidden in it reaches a guest.
"""

from enum import StrEnum

import msgspec

# What a phone's camera makes of one dish, with room to spare.
UPLOAD_LIMIT_BYTES = 12 * 2**20
UPLOAD_LIMIT_PIXELS = 60_000_000


class PhotoSize(StrEnum):
    """small: beside a line of the menu. large: above the dish."""

    SMALL = "small"
    LARGE = "large"


# Three pixels of a phone's screen for each of the page's.
PHOTO_PIXELS: dict[PhotoSize, tuple[int, int]] = {
    PhotoSize.SMALL: (312, 312),
    PhotoSize.LARGE: (1170, 792),
}


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """Both sizes of one photo, as WebP."""

    small: bytes
    large: bytes


def build_photo_path(cafe_id: str, photo_id: str) -> str:
    """Write the address of a photo without its size; a browser asks for `{this}/small.webp`."""
    return f"/photos/{cafe_id}/{photo_id}"
