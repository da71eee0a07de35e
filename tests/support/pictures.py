"""Pictures as people have them, made for a test."""

from io import BytesIO
from typing import Any

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 60, 200)


def draw_picture(
    form: str = "JPEG", *, width: int = 900, height: int = 600, mode: str = "RGB", **options: Any
) -> bytes:
    """Draw a picture that is red on its left half and blue on its right. options: of Pillow."""
    picture = Image.new(mode, (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    written = BytesIO()
    picture.save(written, form, **options)
    return written.getvalue()


def read_picture(content: bytes) -> Image.Image:
    """Unpack a picture."""
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture
