"""/admin/menu/{item}/photo: a dish's photo, put up and taken down."""

import asyncio

from tornado.httputil import HTTPFile, HTTPInputError, parse_body_arguments
from tornado.web import stream_request_body

from domain.errors import InvalidMessage, PayloadTooLarge, RateLimitExceeded
from domain.photos import UPLOAD_LIMIT_BYTES, Photo
from gateways.pictures import make_photo
from handlers.pages.admin_menu import DishForm
from services.menu_photos import (
    RemoveMenuPhoto,
    SetMenuPhoto,
    remove_menu_photo,
    set_menu_photo,
)

# Around the file in a form: its other fields, and what separates them.
_FORM_BYTES = 16 * 2**10


@stream_request_body
class PhotoPage(DishForm):
    """POST /admin/menu/{item}/photo: a form with one file.

    It comes in parts, so that who may send so much is known before it does.
    """

    form_type = "multipart/form-data"

    async def prepare(self) -> None:
        self._upload = bytearray()
        self._is_welcome = False
        await super().prepare()
        self._is_welcome = True

    def data_received(self, chunk: bytes) -> None:
        # One byte more than fits says that it was too much.
        if self._is_welcome and len(self._upload) <= UPLOAD_LIMIT_BYTES + _FORM_BYTES:
            self._upload += chunk

    async def post(self, menu_item_id: str) -> None:
        await self.get_item(menu_item_id)
        try:
            photo = await asyncio.to_thread(
                _read_photo, self.request.headers["Content-Type"], self._upload
            )
            command = SetMenuPhoto(menu_item_id=menu_item_id, small=photo.small, large=photo.large)
            await self.do("set_menu_photo", set_menu_photo, command)
        except (InvalidMessage, RateLimitExceeded) as error:
            self.set_status(error.status)
            fault = {"field": "field-photo", "message": error.message}
            await self.show_menu(item_id=menu_item_id, faults=[fault])
            return
        self.lead_back(menu_item_id, done="photo")


class RemovePhotoPage(DishForm):
    """POST /admin/menu/{item}/photo/remove: the drawing again."""

    async def post(self, menu_item_id: str) -> None:
        command = RemoveMenuPhoto(menu_item_id=menu_item_id)
        await self.do("remove_menu_photo", remove_menu_photo, command)
        self.lead_back(menu_item_id, done="drawing")


def _read_photo(content_type: str, upload: bytearray) -> Photo:
    """Find the one file of a form and make a photo of it. Raises: InvalidMessage and its kinds."""
    files: dict[str, list[HTTPFile]] = {}
    try:
        parse_body_arguments(content_type, bytes(upload), {}, files)
    except HTTPInputError as error:
        _check_size(upload)
        raise InvalidMessage("Send the form as a browser does.") from error
    chosen = files.get("photo", [])
    if len(chosen) != 1 or not chosen[0].body:
        raise InvalidMessage("Choose a photo first.")
    _check_size(chosen[0].body)
    return make_photo(chosen[0].body)


def _check_size(content: bytes | bytearray) -> None:
    if len(content) > UPLOAD_LIMIT_BYTES:
        raise PayloadTooLarge(
            f"This photo is larger than {UPLOAD_LIMIT_BYTES // 2**20} MB."
            " Make it smaller and choose it again."
        )
