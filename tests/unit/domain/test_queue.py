"""Places in the kitchen's queue: who waits for whom."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.queue import OpenPart, find_positions

_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def _part(order, station, *, minute, number=1):
    return OpenPart(order, number, station, _NOON + timedelta(minutes=minute))


def test_a_round_waits_for_earlier_ones_at_its_stations_alone():
    """What another station has to make is ahead of nobody here."""
    parts = [
        _part("coffee", "bar", minute=0),
        _part("toast", "hot", minute=1),
        _part("both", "bar", minute=2),
        _part("both", "hot", minute=2),
        _part("late coffee", "bar", minute=3),
    ]

    assert find_positions(parts) == {"coffee": 1, "toast": 1, "both": 3, "late coffee": 3}


def test_a_round_at_two_stations_is_ahead_once():
    """Two tickets of one round are one round."""
    parts = [_part("a", station, minute=0) for station in ("bar", "hot")]
    parts += [_part("b", station, minute=1) for station in ("bar", "hot")]

    assert find_positions(parts) == {"a": 1, "b": 2}


def test_the_hindmost_round_says_where_an_order_is():
    """A second round waits behind what came between."""
    parts = [
        _part("a", "bar", minute=0),
        _part("b", "bar", minute=1),
        _part("a", "bar", minute=2, number=2),
    ]

    assert find_positions(parts) == {"a": 3, "b": 2}


_PARTS = st.lists(
    st.builds(
        _part,
        st.sampled_from("abcdef"),
        st.sampled_from(["bar", "hot", "cold"]),
        minute=st.integers(0, 4),
    ),
    unique_by=lambda part: (part.order_id, part.station_id),
)


def _fire_together(parts):
    """A round is fired at one moment, at all its stations."""
    fired: dict[str, datetime] = {}
    return [
        OpenPart(part.order_id, 1, part.station_id, fired.setdefault(part.order_id, part.fired_at))
        for part in parts
    ]


@given(_PARTS.map(_fire_together))
def test_positions_follow_the_definition(parts):
    """1 + the rounds fired earlier that have an open part at a station that this one needs."""
    stations: dict[tuple[datetime, str], set[str]] = {}
    for part in parts:
        stations.setdefault((part.fired_at, part.order_id), set()).add(part.station_id)
    expected = {
        order: 1
        + len([other for other in stations if other < (at, order) and stations[other] & needed])
        for (at, order), needed in stations.items()
    }

    assert find_positions(parts) == expected
    assert find_positions(reversed(parts)) == expected
