"""The pass: what of an order is still to be handed over, what it waits for, and who may not wait.

Pure functions of an order's view, so that a page and a message show the same. A round that was
fired stays at the pass until all that is left of it was handed over; what is held stands there too,
because whoever sees what goes out knows when the rest is wanted.
"""

from datetime import datetime

from domain.consents import Consent, needs_consent
from domain.errors import AuthorizationDenied
from domain.roles import Identity
from domain.statuses import ItemStatus, OrderStatus, RoundStatus
from domain.views.base import View
from domain.views.orders import OrderItemView, OrderView, RoundView

_MADE = frozenset({ItemStatus.READY, ItemStatus.SERVED})
# What has nothing to carry stands behind what has.
_HELD_LAG_MS = 10**11


class MissingPartView(View):
    """What a station still owes. late_at: when its ticket is late."""

    station_name: str
    units: int
    late_at: datetime


class PassOrderView(View):
    """An order as the pass sees it. rounds: fired, and not yet handed over, oldest first.

    since: when the oldest of them was fired; late_at: when the first of them is late. units: of
    those rounds, served ones too. missing: by station, what is late first. held: rounds that come
    later; where there is nothing else, since and late_at are when they were ordered.
    """

    rounds: list[RoundView]
    since: datetime
    late_at: datetime
    units: int
    ready: list[OrderItemView]
    missing: list[MissingPartView]
    held: list[RoundView]

    @property
    def rank(self) -> int:
        """Place at the pass: the oldest first, and behind them what is held alone."""
        since_ms = int(self.since.timestamp() * 1000)
        return since_ms if self.rounds else since_ms + _HELD_LAG_MS

    @property
    def ready_units(self) -> int:
        """How many units can be carried now."""
        return sum(item.quantity for item in self.ready)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing: all that is left can be carried."""
        return bool(self.rounds) and not self.missing


def build_pass_order(order: OrderView) -> PassOrderView | None:
    """Say what of an order is to be handed over; None where nothing is."""
    rounds = [each for each in order.rounds if _is_at_pass(each)]
    held = [each for each in order.rounds if each.is_held]
    if not rounds and not held:
        return None
    live = [item for each in rounds for item in _list_live(each)]
    late = [max(_find_late_at(item, each) for item in each.items) for each in rounds]
    return PassOrderView(
        rounds=rounds,
        held=held,
        since=min(_find_fired_at(each) for each in rounds or held),
        late_at=min(late or [each.submitted_at for each in held]),
        units=sum(item.quantity for item in live),
        ready=[item for item in live if item.status is ItemStatus.READY],
        missing=_list_missing(rounds),
    )


def list_handed_over(order: OrderView) -> list[OrderItemView]:
    """List the lines that could be handed back: those of the last round that was served."""
    for each in reversed(order.rounds):
        served = [item for item in each.items if item.status is ItemStatus.SERVED]
        if served:
            return served
    return []


def is_handed_over(order: OrderView) -> bool:
    """Say whether all of an order was carried to its guest."""
    return order.status is OrderStatus.COMPLETED


def check_serve_unprepared(
    order: OrderView, identity: Identity, *, consent: Consent | None
) -> None:
    """Let through who may hand over what the kitchen has not finished.

    Raises: AuthorizationDenied `manager_required`.
    """
    found = build_pass_order(order)
    if found is None or not found.missing:
        return
    if needs_consent(identity, consent):
        raise AuthorizationDenied(
            "Part of this is not ready. A manager has to say that it goes out all the same.",
            code="manager_required",
        )


def _is_at_pass(each: RoundView) -> bool:
    return (
        each.status is RoundStatus.CONFIRMED
        and each.fired_at is not None
        and any(item.status is not ItemStatus.SERVED for item in _list_live(each))
    )


def _list_live(each: RoundView) -> list[OrderItemView]:
    return [item for item in each.items if item.status is not ItemStatus.VOIDED]


def _find_fired_at(each: RoundView) -> datetime:
    return each.fired_at or each.submitted_at


def _find_late_at(item: OrderItemView, each: RoundView) -> datetime:
    """Lines of events that were logged before they said so are late when their round began."""
    return item.late_at or _find_fired_at(each)


def _list_missing(rounds: list[RoundView]) -> list[MissingPartView]:
    parts: dict[str, MissingPartView] = {}
    for each in rounds:
        for item in _list_live(each):
            if item.status in _MADE:
                continue
            known = parts.get(item.station_id)
            late_at = _find_late_at(item, each)
            parts[item.station_id] = MissingPartView(
                station_name=item.station_name,
                units=item.quantity + (known.units if known else 0),
                late_at=min(late_at, known.late_at) if known else late_at,
            )
    return sorted(parts.values(), key=lambda part: (part.late_at, part.station_name))
