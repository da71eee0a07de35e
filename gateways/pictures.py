"""Pictures from outside: decoded with care and written anew, by Pillow.

Blocking, some 0.2 s for a phone's photo: call it in a thread.
"""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from domain.errors import UnprocessableInput
from domain.photos import PHOTO_PIXELS, UPLOAD_LIMIT_PIXELS, Photo, PhotoSize

# What browsers upload; Pillow would try decoders for a hundred others.
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 78


def make_photo(content: bytes) -> Photo:
    """Cut an uploaded picture to the sizes that are kept.

    Raises: UnprocessableInput `no_picture` or `picture_too_large`, in words for whoever chose it.
    """
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            # Known from its head, before anything is unpacked.
            if picture.width * picture.height > UPLOAD_LIMIT_PIXELS:
                raise UnprocessableInput(
                    f"This picture has more than {UPLOAD_LIMIT_PIXELS // 10**6} million pixels."
                    " Make it smaller and choose it again.",
                    code="picture_too_large",
                )
            # A JPEG is unpacked no larger than it is needed.
            picture.draft("RGB", PHOTO_PIXELS[PhotoSize.LARGE])
            upright = _paint_on_white(ImageOps.exif_transpose(picture))
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        raise UnprocessableInput(
            "This is no picture that can be read. Choose a JPEG, PNG or WebP file.",
            code="no_picture",
        ) from error
    return Photo(small=_cut(upright, PhotoSize.SMALL), large=_cut(upright, PhotoSize.LARGE))


def _paint_on_white(picture: Image.Image) -> Image.Image:
    """Let a picture with holes in it look on any ground as it does on paper."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    with_holes = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(with_holes, mask=with_holes.getchannel("A"))
    return paper


def _cut(picture: Image.Image, size: PhotoSize) -> bytes:
    """Fill the size from the picture's middle."""
    written = BytesIO()
    # No colour profile, no camera, no place: a new picture has what is painted and nothing else.
    ImageOps.fit(picture, PHOTO_PIXELS[size]).save(written, "WEBP", quality=_QUALITY)
    return written.getvalue()
