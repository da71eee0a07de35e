"""/admin/replay: a past service on the kitchen's layout, second by second, from the log.

Nothing here is live and nothing can be done: the cards are the wall's own, without their keys.
"""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from domain.errors import InvalidMessage
from handlers.pages.management import ManagementPage
from services.replay import ReplayQuestion, read_replay_day, read_replay_moment

_REPLAY = "/admin/replay"
_LONGEST_SECOND = 6


class ReplayAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page of the replay is: what its links lead to, and what its form asks again."""

    day: date
    slug: str

    def build(self, **changes: Any) -> str:
        """Build the address of this day and wall, but for what is given; None leaves it out."""
        asked = {"day": self.day.isoformat(), "station": self.slug} | changes
        return f"{_REPLAY}?{urlencode({name: each for name, each in asked.items() if each != ''})}"


class _ReplayPages(ManagementPage):
    """What the page and its part have in common."""

    permission = "read_events"

    async def read(self, function: Callable[..., Any]) -> Any:
        """Read what is asked for, one at a time in this process."""
        question = self._read_question()
        async with self.context.replay_gate:
            return await self.context.runner.read(
                function, self.identity.cafe_id, question, now=self.context.now()
            )

    def _read_question(self) -> ReplayQuestion:
        day, clock = self.get_query_argument("day", ""), self.get_query_argument("at", "")
        second = self.get_query_argument("second", "")
        is_number = second.isascii() and second.isdecimal() and len(second) <= _LONGEST_SECOND
        if second and not is_number:
            raise InvalidMessage("Choose a second of the day.", code="invalid_query")
        return ReplayQuestion(
            day=_read(date.fromisoformat, day, "Write a day like 2026-11-26."),
            slug=self.get_query_argument("station", "") or None,
            second=int(second) if second else None,
            clock=_read(_read_clock, clock, "Write a time like 12:31:05."),
        )


class ReplayPage(_ReplayPages):
    """?day, ?station (its slug, none for all), ?at (by the cafe's clock) or ?second of the day."""

    async def get(self) -> None:
        replay = await self.read(read_replay_day)
        moment = replay.moment
        self.time_zone = moment.cafe.timezone
        station = moment.wall.board.station
        await self.render_page_aside(
            "admin_replay",
            cafe_name=moment.cafe.name,
            person_name=await self.context.authentication.read_person_name(self.identity),
            shown_at=moment.wall.at,
            replay=replay,
            address=ReplayAddress(day=replay.day, slug="" if station is None else station.slug),
            a_day=timedelta(days=1),
        )


class ReplayMomentPart(_ReplayPages):
    """The wall of a moment, without a page around it; asked for as the page is."""

    async def get(self) -> None:
        moment = await self.read(read_replay_moment)
        self.time_zone = moment.cafe.timezone
        await self.render_page_aside("admin_replay_moment", shown_at=moment.wall.at, moment=moment)


def _read_clock(text: str) -> time:
    return time.fromisoformat(text).replace(microsecond=0, tzinfo=None)


def _read(read: Callable[[str], Any], text: str, fault: str) -> Any:
    if not text:
        return None
    try:
        return read(text)
    except ValueError as error:
        raise InvalidMessage(fault, code="invalid_query") from error
