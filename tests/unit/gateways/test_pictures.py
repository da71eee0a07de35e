"""What guests get of an uploaded picture: its middle, upright, and nothing that was hidden."""

from io import BytesIO
from typing import Any

import pytest
from PIL import ExifTags, Image

from domain.errors import UnprocessableInput
from domain.photos import PHOTO_PIXELS, UPLOAD_LIMIT_PIXELS, PhotoSize
from gateways.pictures import make_photo
from tests.support.pictures import BLUE, RED, draw_picture, read_picture

_PLACE = "where it was taken"


def is_near(colour: Any, wanted: tuple[int, int, int]) -> bool:
    """Whether a colour is what was painted, as far as the format keeps it."""
    return all(abs(a - b) < 12 for a, b in zip(colour, wanted, strict=False))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_both_sizes_are_cut_from_the_middle(form: str):
    photo = make_photo(draw_picture(form))

    for size, content in ((PhotoSize.SMALL, photo.small), (PhotoSize.LARGE, photo.large)):
        picture = read_picture(content)
        width, height = PHOTO_PIXELS[size]
        assert (picture.format, picture.size) == ("WEBP", (width, height))
        assert is_near(picture.getpixel((width // 4, height // 2)), RED)
        assert is_near(picture.getpixel((width * 3 // 4, height // 2)), BLUE)


def test_a_phone_that_was_turned_shows_no_turned_dish_and_tells_no_place():
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.ImageDescription] = _PLACE
    content = draw_picture(exif=exif)
    assert _PLACE.encode() in content

    photo = make_photo(content)

    picture = read_picture(photo.small)
    assert is_near(picture.getpixel((156, 20)), RED)
    assert is_near(picture.getpixel((156, 290)), BLUE)
    assert _PLACE.encode() not in photo.small + photo.large
    assert dict(picture.getexif()) == {}


def test_what_can_be_seen_through_is_white():
    paper = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    content = BytesIO()
    paper.save(content, "PNG")

    assert is_near(read_picture(make_photo(content.getvalue()).small).getpixel((5, 5)), (255,) * 3)


def test_what_is_no_picture_is_refused_in_words():
    gif = draw_picture("GIF")
    cut = draw_picture("PNG")[:200]
    page = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"

    for content in (b"", b"\x00" * 100, gif, cut, page, draw_picture("JPEG")[:50]):
        with pytest.raises(UnprocessableInput, match="no picture that can be read"):
            make_photo(content)


def test_a_small_file_that_would_unpack_to_millions_of_pixels_is_refused_unopened():
    side = int(UPLOAD_LIMIT_PIXELS**0.5) + 100
    # A head that says so is enough, and all that is read.
    content = BytesIO()
    Image.new("1", (side, side)).save(content, "PNG")
    assert len(content.getvalue()) < 50_000

    with pytest.raises(UnprocessableInput, match="million pixels"):
        make_photo(content.getvalue())
