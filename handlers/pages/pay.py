"""/counter/orders/{order}/pay: the money of one order at the till."""

from datetime import datetime
from typing import Any

from config.namespaces import Namespace
from domain.roles import MANAGEMENT, Identity
from domain.rooms import Room, RoomKind
from handlers.page import StaffPage, build_live
from handlers.tray import build_till_tray
from services.boards import read_order
from services.cafes import read_cafe
from services.event_log import read_head
from services.payments import read_payment_rules


class PayPage(StaffPage):
    """One order with its position; every till that has it open follows the others."""

    permission = "initiate_payment"
    home = "/counter"

    async def get(self, order_id: str) -> None:
        identity = self.identity
        found = await self.context.runner.read(
            _read_pay, identity, order_id, now=self.context.now()
        )
        self.time_zone = found.pop("time_zone")
        self.render_page(
            "pay",
            person_name=await self.context.authentication.read_person_name(identity),
            live=build_live(
                namespace=Namespace.COUNTER,
                rooms=[str(Room(identity.cafe_id, RoomKind.ORDER, order_id))],
                render=["pay_pane", "notification_card", "screen_faults"],
                position=found.pop("position"),
            ),
            **found,
        )


def _read_pay(identity: Identity, order_id: str, *, now: datetime) -> dict[str, Any]:
    # The position before the order: what happens in between comes again and is dropped.
    position = read_head(identity.cafe_id)
    rules = read_payment_rules(identity.cafe_id)
    has_limit = identity.roles.isdisjoint(MANAGEMENT)
    return {
        "position": position,
        "order": read_order(identity, order_id),
        "limit_minor": rules.counter_refund_limit_minor if has_limit else None,
        "tray": build_till_tray(identity, now=now),
        "time_zone": read_cafe(identity.cafe_id).timezone,
    }
