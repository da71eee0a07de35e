"""Photos of dishes: put up and taken down by management, read by whoever sees the menu.

They are rows and no files: every process has them, a backup takes them along, and a cafe's photos
go with the cafe. A new photo has a new address, so browsers may keep what they have for ever.
"""

from typing import Annotated

import msgspec

from domain.commands import Command, Id
from domain.errors import NotFound
from domain.events import MenuItemChanged
from domain.menu import refresh_item
from domain.permissions import require
from domain.photos import PhotoSize
from domain.views import MenuChangeView
from models.menu import MenuItem, MenuPhoto
from models.rows import fetch_rows
from services.menu_books import find_editable_item, raise_menu_version
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
    find_editable_item(unit.cafe_id, command.menu_item_id)
    _delete(unit, command.menu_item_id)
    MenuPhoto.create(
        id=unit.new_id(),
        cafe_id=unit.cafe_id,
        menu_item_id=command.menu_item_id,
        small=command.small,
        large=command.large,
    )
    return _tell(unit, command.menu_item_id, "photo")


def remove_menu_photo(unit: UnitOfWork, command: RemoveMenuPhoto) -> MenuChangeView:
    """Take a photo down. Raises: NotFound, also where there is no photo."""
    require(unit.identity, "edit_menu_item")
    find_editable_item(unit.cafe_id, command.menu_item_id)
    if not _delete(unit, command.menu_item_id):
        raise NotFound("This dish has no photo.")
    return _tell(unit, command.menu_item_id, "photo_removed")


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


def _tell(unit: UnitOfWork, menu_item_id: str, change: str) -> MenuChangeView:
    MenuItem.update(version=MenuItem.version + 1).where(
        MenuItem.cafe_id == unit.cafe_id, MenuItem.id == menu_item_id
    ).execute()
    menu_version = raise_menu_version(unit)
    after = find_editable_item(unit.cafe_id, menu_item_id)
    item = refresh_item(after.item, unit.now)
    unit.record(MenuItemChanged(item=item, is_listed=after.is_listed, menu_version=menu_version))
    unit.audit("menu_item_edited", menu_item_id=menu_item_id, changed=[change])
    return MenuChangeView(items=[item], menu_version=menu_version)
