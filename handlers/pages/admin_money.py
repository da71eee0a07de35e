"""/admin/money: what was paid, newest first, and giving it back."""

from typing import Any

from domain.errors import NotFound
from domain.identifiers import is_id
from domain.roles import Identity
from handlers.pages.management import ManagementPage
from services.boards import list_paid_orders
from services.cafes import read_cafe
from services.event_log import read_head

_PAGE_SIZE = 20


class MoneyPage(ManagementPage):
    """Orders with a payment of any kind. ?before: the last order of the page before."""

    permission = "review_payments"

    async def get(self) -> None:
        before_id = self.get_query_argument("before", None)
        if before_id is not None and not is_id(before_id):
            raise NotFound("There is no such page of payments.")
        found = await self.context.runner.read(_read_page, self.identity, before_id=before_id)
        await self.show("admin_money", is_first=before_id is None, **found)


def _read_page(identity: Identity, *, before_id: str | None) -> dict[str, Any]:
    cafe_id = identity.cafe_id
    orders = list_paid_orders(cafe_id, limit=_PAGE_SIZE + 1, before_id=before_id)
    has_more = len(orders) > _PAGE_SIZE
    shown = orders[:_PAGE_SIZE]
    return {
        "cafe": read_cafe(cafe_id),
        "position": read_head(cafe_id),
        "orders": shown,
        "next_before_id": shown[-1].order_id if has_more else None,
    }
