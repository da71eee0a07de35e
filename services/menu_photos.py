"""Photos of dishes: put up and taken down by management, read by whoever sees the menu.

They are rows and no files: every process has them, a backup takes them along, and a cafe's photos
go with the cafe. A new photo has a new address, so browsers may keep what they have for ever.
"""

from typing import Annotated

import msgspec

from domain.commands import Command, Id
from domain.errors import NotFound
from domain.permissions import require
from domain.photos import PhotoSize
from domain.views.menu import MenuChangeView
from models.menu import MenuItem, MenuPhoto
from models.rows import fetch_rows
from services.menu_books import EditableItem, find_editable_item
from services.menu_edits import record_edit
from services.unit_of_work import UnitOfWork

_Picture = Annotated[bytes, msgspec.Meta(min_length=1, max_length=2**20)]

_QUERIES = {
    PhotoSize.SMALL: "SELECT small FROM menu_photo WHERE cafe_id = ? AND id = ?",
    PhotoSize.LARGE: "SELECT large FROM menu_photo WHERE cafe_id = ? AND id = ?",
}


class SetMenuPhoto(Command, frozen=True):
    """Show a photo of a dish instead of its drawing, or of the photo before."""

    menu_item_id: Id
    small: _Picture
    large: _Picture


class RemoveMenuPhoto(Command, frozen=True):
    """Show a dish's drawing again."""

    menu_item_id: Id


def set_menu_photo(unit: UnitOfWork, command: SetMenuPhoto) -> MenuChangeView:
    """Put a photo up. Raises: NotFound."""
    require(unit.identity, "edit_menu_item")
    before = find_editable_item(unit.cafe_id, command.menu_item_id)
    _delete(unit, command.menu_item_id)
    MenuPhoto.create(
        id=unit.new_id(),
        cafe_id=unit.cafe_id,
        menu_item_id=command.menu_item_id,
        small=command.small,
        large=command.large,
    )
    return _record(unit, before, "photo")


def remove_menu_photo(unit: UnitOfWork, command: RemoveMenuPhoto) -> MenuChangeView:
    """Take a photo down. Raises: NotFound, also where there is no photo."""
    require(unit.identity, "edit_menu_item")
    before = find_editable_item(unit.cafe_id, command.menu_item_id)
    if not _delete(unit, command.menu_item_id):
        raise NotFound("This dish has no photo.")
    return _record(unit, before, "photo_removed")


def read_photo(cafe_id: str, photo_id: str, size: PhotoSize) -> bytes:
    """Return a photo, as WebP; for `runner.read`. Raises: NotFound."""
    rows = fetch_rows(_QUERIES[size], (cafe_id, photo_id))
    if not rows:
        raise NotFound("There is no such photo.")
    return bytes(rows[0][0])


def _delete(unit: UnitOfWork, menu_item_id: str) -> int:
    return int(
        MenuPhoto.delete()
        .where(MenuPhoto.cafe_id == unit.cafe_id, MenuPhoto.menu_item_id == menu_item_id)
        .execute()
    )


def _record(unit: UnitOfWork, before: EditableItem, change: str) -> MenuChangeView:
    """Give a dish a new version: its photo is no column of its row."""
    MenuItem.update(version=MenuItem.version + 1).where(
        MenuItem.cafe_id == unit.cafe_id, MenuItem.id == before.item.menu_item_id
    ).execute()
    return record_edit(unit, before, changed=[change])
