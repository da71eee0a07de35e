"""Which places of a cafe this process hears of: sessions that show staff's or the board's cards.

A session that its page closed, or that was told not to come back, has left on purpose; any other
end may be a screen that lost its power. jobs/screens.py asks, and keeps what it is told.
"""

from collections.abc import Callable, Collection, Iterable

from config.namespaces import Namespace
from domain.rooms import Room, RoomKind
from domain.screens import BOARD, COUNTER, KITCHEN, Place, SeenPlace, make_station_key
from realtime.close_codes import CLOSE_RULES, PAGE_LEFT
from realtime.session import Session, SessionState

# A namespace and a card that a page shows there: which place it is, unless it is a station.
_PLACES: dict[tuple[Namespace, str], str] = {
    (Namespace.KITCHEN, "kitchen_ticket"): KITCHEN,
    (Namespace.COUNTER, "order_card"): COUNTER,
    (Namespace.CUSTOMERS, "board_number"): BOARD,
}
# A program of ours that ends its connection says 1000.
_CLOSED_ON_PURPOSE = PAGE_LEFT | {1000}
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

    def note_end(self, session: Session) -> None:
        """Look at how a session ended, while its rooms are still known."""
        if session.close_code in _CLOSED_ON_PURPOSE | _CLOSED_FOR_GOOD:
            self._left |= dict.fromkeys(self._list_places(session))

    def take_left(self) -> list[Place]:
        """Return what was left on purpose since the last time."""
        left, self._left = list(self._left), {}
        return left

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
