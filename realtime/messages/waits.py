"""How long what would be ordered now takes: for whoever looks at the menu."""

from domain.statuses import WaitReason
from domain.views.guests import WaitsView
from realtime.messages.envelope import Data, EphemeralMessage


class StationWait(Data, frozen=True, kw_only=True):
    """One usual dish of a station, in minutes from and to. wait_reason: "", "queue" or "late"."""

    station_id: str
    station_name: str
    low_minutes: int
    high_minutes: int
    wait_reason: WaitReason = WaitReason.NONE


class WaitEstimatesData(Data, frozen=True, kw_only=True):
    """stations: in the kitchen's order. wait_reason: the worst of theirs."""

    stations: list[StationWait]
    wait_reason: WaitReason = WaitReason.NONE


class WaitEstimatesMessage(EphemeralMessage, frozen=True, kw_only=True, tag="wait_estimates"):
    """What would be ordered now takes longer or less long than was told before."""

    data: WaitEstimatesData


def build_waits(view: WaitsView) -> WaitEstimatesData:
    """Say how long each station takes."""
    return WaitEstimatesData(
        stations=[
            StationWait(
                station_id=each.station_id,
                station_name=each.station_name,
                low_minutes=each.low_minutes,
                high_minutes=each.high_minutes,
                wait_reason=each.wait_reason,
            )
            for each in view.waits
        ],
        wait_reason=view.reason,
    )
