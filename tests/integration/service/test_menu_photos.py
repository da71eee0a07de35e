"""Photos of dishes, on both databases."""

import msgspec
import pytest

from domain.errors import AuthorizationDenied, NotFound
from domain.photos import PhotoSize
from domain.roles import Role
from domain.views.menu import MenuChangeView
from services.menu_photos import (
    RemoveMenuPhoto,
    SetMenuPhoto,
    read_photo,
    remove_menu_photo,
    set_menu_photo,
)
from tests.support.cafes import OTHER_CAFE_ID, UNKNOWN_ID, describe

SMALL, LARGE = b"\x00small\xff", b"\x00large\xff"


async def put_up(cafe, *, small=SMALL, who=Role.MANAGER, menu_item_id=None):
    command = SetMenuPhoto(
        menu_item_id=menu_item_id or cafe.menu["Water"].menu_item_id, small=small, large=LARGE
    )
    outcome = await cafe.runner.write(
        set_menu_photo, command, command_type="set_menu_photo", identity=cafe.staff(who)
    )
    return msgspec.json.decode(outcome.body, type=MenuChangeView)


async def take_down(cafe):
    command = RemoveMenuPhoto(menu_item_id=cafe.menu["Water"].menu_item_id)
    await cafe.runner.write(
        remove_menu_photo,
        command,
        command_type="remove_menu_photo",
        identity=cafe.staff(Role.MANAGER),
    )


async def read(cafe, path, size, cafe_id=None):
    return await cafe.runner.read(read_photo, cafe_id or cafe.cafe_id, path.split("/")[-1], size)


async def test_a_photo_is_told_with_its_dish_and_replaced_under_another_address(cafe):
    first = (await put_up(cafe)).items[0]
    (logged,) = cafe.take_events()
    assert describe([logged]) == ["menu_item_changed"]
    assert logged.event.item.photo_path == first.photo_path
    assert await read(cafe, first.photo_path, PhotoSize.SMALL) == SMALL
    assert await read(cafe, first.photo_path, PhotoSize.LARGE) == LARGE

    second = (await put_up(cafe, small=b"other")).items[0]

    assert second.version == first.version + 1
    assert second.photo_path != first.photo_path
    assert await read(cafe, second.photo_path, PhotoSize.SMALL) == b"other"
    with pytest.raises(NotFound):
        await read(cafe, first.photo_path, PhotoSize.SMALL)


async def test_a_photo_that_is_taken_down_leaves_the_drawing(cafe):
    path = (await put_up(cafe)).items[0].photo_path
    cafe.take_events()

    await take_down(cafe)

    (logged,) = cafe.take_events()
    assert logged.event.item.photo_path is None
    with pytest.raises(NotFound):
        await read(cafe, path, PhotoSize.LARGE)
    with pytest.raises(NotFound, match="no photo"):
        await take_down(cafe)


async def test_management_alone_puts_up_photos_of_its_own_dishes(cafe):
    with pytest.raises(AuthorizationDenied):
        await put_up(cafe, who=Role.COUNTER)
    with pytest.raises(NotFound):
        await put_up(cafe, menu_item_id=UNKNOWN_ID)
    path = (await put_up(cafe)).items[0].photo_path
    with pytest.raises(NotFound):
        await read(cafe, path, PhotoSize.SMALL, cafe_id=OTHER_CAFE_ID)
