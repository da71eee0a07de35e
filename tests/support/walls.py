"""Kitchen screens of a test's cafe, as a process hears of them."""

from domain.screens import SeenScreen, Sound
from services.screens import NoteScreens, note_screens
from tests.support.cafes import TestCafe


async def open_screen(
    cafe: TestCafe,
    key: str = "wall",
    *,
    station: str | None = "bar",
    is_visible: bool = True,
    sound: Sound = Sound.ON,
) -> None:
    """Let a kitchen page be heard of now."""
    screen = SeenScreen(
        cafe_id=cafe.cafe_id,
        key=key,
        station_id=None if station is None else cafe.stations[station],
        is_visible=is_visible,
        sound=sound,
        silent_s=0,
    )
    await cafe.runner.write(note_screens, NoteScreens(screens=[screen]), command_type="note")
