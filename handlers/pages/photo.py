"""/photos/...: what a dish looks like, for everybody who has the address from a menu."""

from domain.photos import PhotoSize
from handlers.base import BaseHandler
from services.menu_photos import read_photo

# A new photo has a new address.
_FOR_EVER = "public, max-age=31536000, immutable"


class PhotoFile(BaseHandler):
    """GET /photos/{cafe}/{photo}/{size}.webp."""

    is_public = True

    async def get(self, cafe_id: str, photo_id: str, size: str) -> None:
        content = await self.context.runner.read(read_photo, cafe_id, photo_id, PhotoSize(size))
        self.set_header("Content-Type", "image/webp")
        self.set_header("Cache-Control", _FOR_EVER)
        self.finish(content)
