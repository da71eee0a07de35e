"""Which places and screens this process hears of: sessions that show staff's or the board's cards.

What kitchen screens say in their heartbeats is kept until jobs/screens.py writes it down.

A session that its page closed, or that was told not to come back, has left on purpose; any other
end may be a screen that lost its power. jobs/screens.py asks, and keeps what it is told.
"""

from collections.abc import Callable, Collection, Iterable

import msgspec

from config.namespaces import Namespace
from domain.rooms import Room, RoomKind
from domain.screens import (
    BOARD,
    COUNTER,
    KITCHEN,
    Place,
    Receipt,
    SeenPlace,
    SeenScreen,
    make_station_key,
)
from realtime.close_codes import CLOSE_RULES, PAGE_LEFT
from realtime.messages.commands import Painted
from realtime.session import Session, SessionState

# A namespace and a card that a page shows there: which place it is, unless it is a station.
_PLACES: dict[tuple[Namespace, str], str] = {
    (Namespace.KITCHEN, "kitchen_ticket"): KITCHEN,
    (Namespace.COUNTER, "order_card"): COUNTER,
    (Namespace.CUSTOMERS, "board_number"): BOARD,
}
# A program of ours that ends its connection says 1000.
_CLOSED_ON_PURPOSE = PAGE_LEFT | {1000}
# Receipts that wait while the database is away: an hour of a full house. The oldest give way, and
# a screen that comes back says all that it shows once more.
_RECEIPTS_LIMIT = 10_000
_CLOSED_FOR_GOOD = frozenset(rule.code for rule in CLOSE_RULES.values() if not rule.comes_back)


class Screens:
    """The screens of one process. list_rooms: of a session."""

    def __init__(
        self,
        *,
        sessions: Callable[[], Iterable[Session]],
        list_rooms: Callable[[Session], Collection[Room]],
    ) -> None:
        self._sessions = sessions
        self._list_rooms = list_rooms
        self._left: dict[Place, None] = {}
        self._left_screens: dict[tuple[str, str], None] = {}
        self._receipts: dict[Receipt, None] = {}

    def list_seen(self, *, now_s: float) -> list[SeenPlace]:
        """List the places that are shown here, each once, in a fixed order. now_s: of the loop."""
        silent_s: dict[Place, float] = {}
        for session in self._sessions():
            if session.state is not SessionState.LIVE:
                continue
            for place in self._list_places(session):
                waited_s = now_s - session.heard_at_s
                silent_s[place] = min(waited_s, silent_s.get(place, waited_s))
        return [
            SeenPlace(place=place, silent_s=silent_s[place])
            for place in sorted(silent_s, key=lambda place: (place.cafe_id, place.key))
        ]

    def list_screens(self, *, now_s: float) -> list[SeenScreen]:
        """List the screens that show tickets and have said how they are, in a fixed order."""
        screens: dict[tuple[str, str], SeenScreen] = {}
        # Of two connections that call themselves the same the one that was heard of last counts.
        for session in sorted(self._sessions(), key=lambda session: session.heard_at_s):
            painted = session.painted
            if session.state is not SessionState.LIVE or painted is None:
                continue
            screen = SeenScreen(
                cafe_id=session.identity.cafe_id,
                key=_name_screen(session, painted),
                station_id=self._find_station(session),
                is_visible=painted.is_visible,
                sound=painted.sound,
                silent_s=now_s - session.heard_at_s,
            )
            screens[screen.cafe_id, screen.key] = screen
        return [screens[each] for each in sorted(screens)]

    def note_painted(self, session: Session, painted: Painted) -> None:
        """Take what a page says of itself; from anything but a kitchen screen it means nothing."""
        if not self._shows_tickets(session):
            return
        session.painted = msgspec.structs.replace(painted, tickets={})
        if not painted.is_visible:
            return  # a hidden page paints nothing, whatever it says
        cafe_id, station_id = session.identity.cafe_id, self._find_station(session)
        for ticket_id in painted.tickets:
            receipt = Receipt(
                cafe_id=cafe_id,
                station_id=station_id,
                ticket_id=ticket_id,
                screen_key=_name_screen(session, painted),
            )
            self._receipts[receipt] = None
        while len(self._receipts) > _RECEIPTS_LIMIT:
            del self._receipts[next(iter(self._receipts))]

    def take_receipts(self) -> list[Receipt]:
        """Return the receipts that came since the last time."""
        receipts, self._receipts = list(self._receipts), {}
        return receipts

    def take_left_screens(self) -> list[tuple[str, str]]:
        """Return (cafe, key) of the screens that were closed on purpose since the last time."""
        left, self._left_screens = list(self._left_screens), {}
        return left

    def note_end(self, session: Session) -> None:
        """Look at how a session ended, while its rooms are still known."""
        if session.close_code in _CLOSED_ON_PURPOSE | _CLOSED_FOR_GOOD:
            self._left |= dict.fromkeys(self._list_places(session))
            if session.painted is not None:
                key = _name_screen(session, session.painted)
                self._left_screens[session.identity.cafe_id, key] = None

    def take_left(self) -> list[Place]:
        """Return what was left on purpose since the last time."""
        left, self._left = list(self._left), {}
        return left

    def _shows_tickets(self, session: Session) -> bool:
        return (
            session.admission is not None
            and not session.identity.is_guest
            and session.namespace is Namespace.KITCHEN
            and "kitchen_ticket" in session.representation.components
        )

    def _find_station(self, session: Session) -> str | None:
        """Return the station whose tickets a session shows, None where it shows more."""
        stations = [room.key for room in self._list_rooms(session) if room.kind is RoomKind.STATION]
        return stations[0] if len(stations) == 1 else None

    def _list_places(self, session: Session) -> list[Place]:
        if session.admission is None or session.identity.is_guest:
            return []
        cafe_id = session.identity.cafe_id
        found = {
            place
            for component in session.representation.components
            if (place := _PLACES.get((session.namespace, component))) is not None
        }
        stations = {
            make_station_key(room.key)
            for room in self._list_rooms(session)
            if room.kind is RoomKind.STATION
        }
        if KITCHEN in found and stations:
            found = found - {KITCHEN} | stations
        return [Place(cafe_id=cafe_id, key=key) for key in sorted(found)]


def _name_screen(session: Session, painted: Painted) -> str:
    return session.identity.device_id or painted.screen or session.connection_id
