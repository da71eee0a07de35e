"""How many are ahead of an order in the kitchen (spec I3).

A round waits for those that were fired before it and still have something to make at a station
that it waits for too. Where that counts for several rounds of an order, the one that waits longest
says where the order is, as with its progress.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec


class OpenPart(msgspec.Struct, frozen=True):
    """One station's open part of one round. fired_at: when the kitchen got it."""

    order_id: str
    round_number: int
    station_id: str
    fired_at: datetime


def find_positions(parts: Iterable[OpenPart]) -> dict[str, int]:
    """Return order id -> 1 + rounds before its hindmost open one; whoever is not there waits
    for nothing. Rounds fired in one moment are in the order of their ids."""
    ahead_at: dict[str, set[tuple[str, int]]] = {}
    stations: dict[tuple[str, int], list[str]] = {}
    for part in sorted(parts, key=lambda part: (part.fired_at, part.order_id, part.round_number)):
        stations.setdefault((part.order_id, part.round_number), []).append(part.station_id)
    positions: dict[str, int] = {}
    for each, station_ids in stations.items():
        ahead = set().union(*(ahead_at.get(station, set()) for station in station_ids))
        order_id, _ = each
        positions[order_id] = max(positions.get(order_id, 0), 1 + len(ahead))
        for station in station_ids:
            ahead_at.setdefault(station, set()).add(each)
    return positions
