"""Messages beside the log: no `seq`, never replayed, an older one gives way to a newer (spec G6).

`Plane.push` sends them to the sessions of this process; whoever makes them sees to it that other
processes push them too (a row that each reads). One builder per type; `key` says what replaces
what in the outbox of a slow reader.
"""

from typing import Any

import msgspec
from msgspec import UNSET

from config.logging import get_logger
from domain.analytics import AnalyticsView
from domain.rooms import Room, RoomKind
from domain.views.guests import QueuePlaceView, WaitsView
from domain.views.screens import KitchenScreensView
from realtime.messages.analytics import RealTimeAnalyticsMessage, build_analytics
from realtime.messages.envelope import EphemeralMessage, Fragment
from realtime.messages.orders import QueuePositionUpdateMessage, build_queue_position
from realtime.messages.screens import StationScreensMessage, build_station_screens
from realtime.messages.waits import WaitEstimatesMessage, build_waits
from realtime.ports import Render
from realtime.publications import Rendering, Representation

log = get_logger(__name__)


class Ephemeral:
    """One such message, addressed. Encodes lazily and keeps what it encoded.

    key: it takes the place of an unsent one with the same key. view: what its cards are made of.
    """

    __slots__ = ("_encoded", "_message", "_view", "key", "renderings", "rooms", "type")

    def __init__(
        self,
        message: EphemeralMessage,
        *,
        key: str,
        rooms: tuple[Room, ...],
        renderings: tuple[Rendering, ...] = (),
        view: Any = None,
    ) -> None:
        self.type = str(message.__struct_config__.tag)
        self.key = key
        self.rooms = rooms
        self.renderings = renderings
        self._message = message
        self._view = view
        self._encoded: dict[tuple[str, str], bytes] = {}

    def encode(self, representation: Representation, render: Render) -> bytes:
        """Return the message as this kind of reader gets it."""
        rendering = self._choose(representation)
        key = ("", "") if rendering is None else (rendering.component, representation.locale)
        encoded = self._encoded.get(key)
        if encoded is None:
            fragment = UNSET if rendering is None else self._build(rendering, key[1], render)
            encoded = msgspec.json.encode(msgspec.structs.replace(self._message, fragment=fragment))
            self._encoded[key] = encoded
        return encoded

    def _choose(self, representation: Representation) -> Rendering | None:
        """Return the card that this kind of reader wants most."""
        for component in representation.components:
            for each in self.renderings:
                if each.component == component:
                    return each
        return None

    def _build(
        self, rendering: Rendering, locale: str, render: Render
    ) -> Fragment | msgspec.UnsetType:
        cafe_id = self._message.cafe_id
        try:
            html = render(rendering.component, self._view, locale=locale, cafe_id=cafe_id)
        except Exception:  # a broken template must not keep the message from anybody
            log.exception("card_not_rendered", component=rendering.component, cafe_id=cafe_id)
            return UNSET
        return Fragment(
            component=rendering.component,
            target=rendering.target,
            card=rendering.card,
            action=rendering.action,
            rank=rendering.rank,
            html=html,
        )


def announce_analytics(cafe_id: str, view: AnalyticsView, *, event_id: str) -> Ephemeral:
    """Make `real_time_analytics` for a cafe's management."""
    return Ephemeral(
        RealTimeAnalyticsMessage(
            event_id=event_id,
            timestamp=int(view.at.timestamp() * 1000),
            cafe_id=cafe_id,
            data=build_analytics(view),
        ),
        key="real_time_analytics",
        rooms=(Room(cafe_id, RoomKind.MANAGEMENT),),
        renderings=(_place_now("live_figures"),),
        view=view,
    )


def announce_queue_place(cafe_id: str, place: QueuePlaceView, *, event_id: str) -> Ephemeral:
    """Make `queue_position_update` for whoever follows an order."""
    return Ephemeral(
        QueuePositionUpdateMessage(
            event_id=event_id,
            timestamp=int(place.at.timestamp() * 1000),
            cafe_id=cafe_id,
            data=build_queue_position(place),
        ),
        key=f"queue_position_update:{place.order_id}",
        rooms=(Room(cafe_id, RoomKind.ORDER, place.order_id),),
        renderings=(
            Rendering(
                "queue_place",
                "queue_place",
                f"queue_place-{place.order_id}",
                "replace" if place.high_minutes else "remove",
                place.order_number,
            ),
        ),
        view=place,
    )


def announce_waits(cafe_id: str, view: WaitsView, *, event_id: str) -> Ephemeral:
    """Make `wait_estimates` for whoever looks at a cafe's menu."""
    return Ephemeral(
        WaitEstimatesMessage(
            event_id=event_id,
            timestamp=int(view.at.timestamp() * 1000),
            cafe_id=cafe_id,
            data=build_waits(view),
        ),
        key="wait_estimates",
        rooms=(Room(cafe_id, RoomKind.CUSTOMERS),),
        renderings=(_place_now("guest_waits"),),
        view=view,
    )


def announce_station_screens(cafe_id: str, view: KitchenScreensView, *, event_id: str) -> Ephemeral:
    """Make `station_screens` for a cafe's floor and management."""
    return Ephemeral(
        StationScreensMessage(
            event_id=event_id,
            timestamp=int(view.at.timestamp() * 1000),
            cafe_id=cafe_id,
            data=build_station_screens(view),
        ),
        key="station_screens",
        rooms=(Room(cafe_id, RoomKind.STAFF),),
        renderings=(_place_now("station_screens"), _place_now("screen_faults")),
        view=view,
    )


def _place_now(component: str) -> Rendering:
    """Place the one card of its component that a page has."""
    return Rendering(component, component, f"{component}-now", "replace", 0)
