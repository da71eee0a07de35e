"""Messages of the board, the tables and the menu."""

from datetime import date, datetime

from domain.events import (
    DishStockChanged,
    MenuAvailabilityChanged,
    MenuItemChanged,
    MenuItemCounted,
    MenuPauseChanged,
    OrderNumberCleared,
    OrderNumberPreparing,
    OrderNumberReady,
    TableSessionClosed,
    TableSessionMoved,
    TableSessionOpened,
)
from domain.menu import show_availability
from domain.statuses import PauseCause
from domain.views.availability import (
    DishAvailabilityView,
    DishCountView,
    DishStockView,
    StationPauseView,
)
from domain.views.boards import BoardNumberView
from domain.views.menu import MenuItemView
from domain.views.tables import TableView
from realtime.messages.envelope import Data, EventMessage


class OrderNumberData(Data, frozen=True, kw_only=True):
    """A number on the order-ready board: public, so number and state alone.

    initial: the guest's, who allowed it.
    """

    order_number: int
    business_date: date
    state: str
    version: int
    since: datetime
    initial: str = ""

    @property
    def view(self) -> BoardNumberView:
        return BoardNumberView(
            order_number=self.order_number,
            business_date=self.business_date,
            state=self.state,
            version=self.version,
            since=self.since,
            initial=self.initial,
        )


class TableSessionData(Data, frozen=True, kw_only=True):
    """A seating that began or ended; `table` is how the table is afterwards."""

    table_session_id: str | None = None
    table_number: int
    table_label: str
    table: TableView

    @property
    def view(self) -> TableView:
        return self.table


class TableSessionMovedData(TableSessionData, frozen=True, kw_only=True):
    """left: the table that they left, as it is afterwards."""

    left: TableView


class MenuAvailabilityChangedData(Data, frozen=True, kw_only=True):
    """item: with all its options, and without prices: it reaches the kitchen too."""

    menu_item_id: str
    is_sold_out: bool
    sold_out_until: datetime | None = None
    menu_version: int
    item: DishAvailabilityView

    @property
    def view(self) -> DishAvailabilityView:
        return self.item


class MenuItemChangedData(Data, frozen=True, kw_only=True):
    """item: as it is now, or was when it was taken off the menu (`isListed` is false)."""

    menu_item_id: str
    is_listed: bool
    menu_version: int
    item: MenuItemView

    @property
    def view(self) -> MenuItemView:
        return self.item


class MenuItemCountedData(Data, frozen=True, kw_only=True):
    """left: units that are left to sell; null when the dish is counted no longer."""

    menu_item_id: str
    left: int | None
    count: DishCountView

    @property
    def view(self) -> DishCountView:
        return self.count


class MenuPauseChangedData(Data, frozen=True, kw_only=True):
    """isPaused false: guests can order these dishes again. cause: of this change.

    until: when that is over, or expected to be; null where nobody knows. pause: as it is, or was.
    """

    station_id: str
    is_paused: bool
    cause: PauseCause
    until: datetime | None
    menu_item_ids: list[str]
    menu_version: int
    pause: StationPauseView

    @property
    def view(self) -> StationPauseView:
        return self.pause


class DishStockChangedData(Data, frozen=True, kw_only=True):
    """Ask for a quote to know whether what is wanted can be had."""

    menu_item_id: str
    stock: DishStockView

    @property
    def view(self) -> DishStockView:
        return self.stock


class OrderNumberPreparingMessage(
    EventMessage, frozen=True, kw_only=True, tag="order_number_preparing"
):
    data: OrderNumberData


class OrderNumberReadyMessage(EventMessage, frozen=True, kw_only=True, tag="order_number_ready"):
    data: OrderNumberData


class OrderNumberClearedMessage(
    EventMessage, frozen=True, kw_only=True, tag="order_number_cleared"
):
    data: OrderNumberData


class TableSessionOpenedMessage(
    EventMessage, frozen=True, kw_only=True, tag="table_session_opened"
):
    data: TableSessionData


class TableSessionMovedMessage(EventMessage, frozen=True, kw_only=True, tag="table_session_moved"):
    data: TableSessionMovedData


class TableSessionClosedMessage(
    EventMessage, frozen=True, kw_only=True, tag="table_session_closed"
):
    data: TableSessionData


class MenuAvailabilityChangedMessage(
    EventMessage, frozen=True, kw_only=True, tag="menu_availability_changed"
):
    data: MenuAvailabilityChangedData


class MenuPauseChangedMessage(EventMessage, frozen=True, kw_only=True, tag="menu_pause_changed"):
    data: MenuPauseChangedData


class MenuItemChangedMessage(EventMessage, frozen=True, kw_only=True, tag="menu_item_changed"):
    data: MenuItemChangedData


class MenuItemCountedMessage(EventMessage, frozen=True, kw_only=True, tag="menu_item_counted"):
    data: MenuItemCountedData


class DishStockChangedMessage(EventMessage, frozen=True, kw_only=True, tag="dish_stock_changed"):
    data: DishStockChangedData


def build_order_number(
    event: OrderNumberPreparing | OrderNumberReady | OrderNumberCleared,
) -> OrderNumberData:
    """Say where a number stands on the board."""
    number = event.number
    return OrderNumberData(
        order_number=number.order_number,
        business_date=number.business_date,
        state=number.state,
        version=number.version,
        since=number.since,
        initial=number.initial,
    )


def build_table_opened(event: TableSessionOpened) -> TableSessionData:
    """Say that guests sat down."""
    return TableSessionData(
        table_session_id=event.table.table_session_id,
        table_number=event.table.number,
        table_label=event.table.label,
        table=event.table,
    )


def build_table_moved(event: TableSessionMoved) -> TableSessionMovedData:
    """Say that guests sit somewhere else."""
    return TableSessionMovedData(
        table_session_id=event.table_session_id,
        table_number=event.table.number,
        table_label=event.table.label,
        table=event.table,
        left=event.left,
    )


def build_table_closed(event: TableSessionClosed) -> TableSessionData:
    """Say that a seating ended."""
    return TableSessionData(
        table_session_id=event.table_session_id,
        table_number=event.table.number,
        table_label=event.table.label,
        table=event.table,
    )


def build_availability(event: MenuAvailabilityChanged) -> MenuAvailabilityChangedData:
    """Say whether something can be ordered now."""
    return MenuAvailabilityChangedData(
        menu_item_id=event.item.menu_item_id,
        is_sold_out=event.item.is_sold_out,
        sold_out_until=event.item.sold_out_until,
        menu_version=event.menu_version,
        item=show_availability(event.item),
    )


def build_pause(event: MenuPauseChanged) -> MenuPauseChangedData:
    """Say what guests cannot order for a while, or can again."""
    return MenuPauseChangedData(
        station_id=event.pause.station_id,
        is_paused=event.is_paused,
        cause=event.cause,
        until=event.pause.until if event.is_paused else None,
        menu_item_ids=event.pause.menu_item_ids,
        menu_version=event.menu_version,
        pause=event.pause,
    )


def build_count(event: MenuItemCounted) -> MenuItemCountedData:
    """Say how many units of a dish are left."""
    count = event.count
    return MenuItemCountedData(menu_item_id=count.menu_item_id, left=count.left, count=count)


def build_stock(event: DishStockChanged) -> DishStockChangedData:
    """Say that other units of a dish can be had, and not how many."""
    return DishStockChangedData(menu_item_id=event.stock.menu_item_id, stock=event.stock)


def build_menu_item(event: MenuItemChanged) -> MenuItemChangedData:
    """Say what a dish is now."""
    return MenuItemChangedData(
        menu_item_id=event.item.menu_item_id,
        is_listed=event.is_listed,
        menu_version=event.menu_version,
        item=event.item,
    )
