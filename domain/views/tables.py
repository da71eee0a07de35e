"""The tables of a cafe."""

from datetime import datetime

from domain.views.base import View


class TableCallView(View):
    """A table's call as its guests see it. status: waiting, coming or ended."""

    call_id: str
    table_session_id: str
    table_number: int
    table_label: str
    status: str
    version: int
    called_at: datetime
    answered_at: datetime | None


class TableView(View):
    """status: free, seated, or the status of the seating's order."""

    table_id: str
    number: int
    label: str
    area: str
    seats: int
    table_session_id: str | None
    open_order_id: str | None
    open_order_number: int | None
    status: str


class TablesView(View):
    """The cafe's tables in the order of their numbers."""

    tables: list[TableView]
