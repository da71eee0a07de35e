"""/orders: what the table ordered and how far it is; taking a round back while there is time."""

from config.namespaces import Namespace
from domain.commands import ItemUnits, VoidItems
from domain.errors import TableTapError
from domain.identifiers import is_id
from domain.rooms import Room, RoomKind
from domain.statuses import ItemStatus
from domain.views.orders import OrderView
from handlers.page import build_live
from handlers.pages.guest import CartPage, run_once
from services.boards import read_order
from services.operations import OPERATIONS

_VOID = OPERATIONS["void_items"]
_TAKES_BACK = (ItemStatus.HELD, ItemStatus.QUEUED)


class GuestProgressPage(CartPage):
    """The seating's orders with the position that they are complete up to."""

    permission = "list_orders"

    async def get(self) -> None:
        await self.show(fault="")

    async def show(self, *, fault: str) -> None:
        scene, cart = await self.read_scene(), self.read_cart()
        room = Room(self.identity.cafe_id, RoomKind.SESSION, scene.guest.table_session_id)
        self.render_page(
            "guest_progress",
            guest=scene.guest,
            orders=scene.orders.orders,
            queue=scene.orders.queue,
            cart={"count": cart.count},
            fault=fault,
            call=scene.call,
            rating=scene.rating,
            may_rate=scene.was_served,
            live=build_live(
                namespace=Namespace.CUSTOMERS,
                rooms=[str(room), *self._list_order_rooms(scene.orders.orders)],
                render=["order_progress", "queue_place", "table_call"],
                position=scene.orders.position,
            ),
        )

    def _list_order_rooms(self, orders: list[OrderView]) -> list[str]:
        return [
            str(Room(self.identity.cafe_id, RoomKind.ORDER, order.order_id)) for order in orders
        ]


class UndoRoundPage(GuestProgressPage):
    """POST /orders/{order}/rounds/{number}/undo: the guest changed their mind in time."""

    permission = "void_items"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other("/orders")

    async def post(self, order_id: str, round_number: str) -> None:
        command_id = self.read_field("command_id", longest=36)
        try:
            if is_id(order_id) and is_id(command_id):
                await self._take_back(order_id, int(round_number), command_id)
        except TableTapError as error:
            if error.status not in (404, 409, 422, 403):
                raise
            self.set_status(error.status)
            await self.show(fault=self.tell(error))
            return
        self.see_other("/orders")

    async def _take_back(self, order_id: str, round_number: int, command_id: str) -> None:
        order = await self.context.runner.read(read_order, self.identity, order_id)
        items = [
            ItemUnits(item_id=item.item_id)
            for item in order.items
            if item.round_number == round_number and item.status in _TAKES_BACK
        ]
        if items:
            await run_once(
                self, _VOID, VoidItems(order_id=order_id, items=items), command_id=command_id
            )
