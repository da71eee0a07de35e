"""Where a station's tickets are looked at: for its screens, the others, and who runs the floor."""

from datetime import datetime

from domain.events import StationMoved, StationReturned
from domain.views.kitchen import StationMoveView
from realtime.messages.envelope import Data, EventMessage


class StationMoveData(Data, frozen=True, kw_only=True):
    """shown_at_station_id: where the tickets are shown, or were until now. since: when that began.

    is_automatic: the clock did it.
    """

    station_id: str
    station_name: str
    shown_at_station_id: str
    shown_at_station_name: str
    since: datetime
    is_automatic: bool
    move: StationMoveView

    @property
    def view(self) -> StationMoveView:
        return self.move


class StationMovedMessage(EventMessage, frozen=True, kw_only=True, tag="station_moved"):
    data: StationMoveData


class StationReturnedMessage(EventMessage, frozen=True, kw_only=True, tag="station_returned"):
    data: StationMoveData


def build_station_move(event: StationMoved | StationReturned) -> StationMoveData:
    """Say whose tickets, and where."""
    move = event.move
    return StationMoveData(
        station_id=move.station_id,
        station_name=move.station_name,
        shown_at_station_id=move.shown_at_station_id,
        shown_at_station_name=move.shown_at_station_name,
        since=move.since,
        is_automatic=move.is_automatic,
        move=move,
    )
