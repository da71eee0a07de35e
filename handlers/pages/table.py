"""/t/{code}: what the square on a table opens.

Looking is not sitting down: previews of links and impatient scanners fetch the address too, so
the GET shows the cafe and the table with one key, and the POST behind it opens the seating. The
same phone at the same table keeps its lane.
"""

from functools import partial

import msgspec

from domain.commands import OpenTableSession
from domain.errors import AuthenticationFailed, Conflict, NotFound
from domain.roles import Identity
from domain.views.guests import GuestSessionView
from handlers.page import PageHandler
from services.cafes import CafeRules, read_cafe
from services.operations import OPERATIONS
from services.seatings import Table, get_table_by_code
from services.tables import open_table_session

_OPEN = OPERATIONS["open_table_session"]


class TablePage(PageHandler):
    """The way in for a guest's phone."""

    is_public = True
    speaks_to_guests = True

    async def get(self, code: str) -> None:
        try:
            table, cafe = await self.context.runner.read(_read_page, code)
        except NotFound:
            self.show_unknown()
            return
        self.render_page("table_welcome", cafe_name=cafe.name, table_label=table.label, code=code)

    async def post(self, code: str) -> None:
        try:
            session = await self._open(code)
        except (NotFound, msgspec.ValidationError):
            self.show_unknown()
            return
        except Conflict as error:
            if error.code != "table_full":
                raise
            self.set_status(error.status)
            self.render_page("table_closed", cafe_name="", reason="full")
            return
        grant = self.context.authentication.issue_guest_token(
            cafe_id=session.cafe_id,
            lane_id=session.lane_id,
            table_session_id=session.table_session_id,
        )
        ttl_s = self.context.settings.guest_token_ttl_s
        self.set_session_cookie(self.context.cookies.guest, grant.token, ttl_s=ttl_s)
        self.see_other("/menu")

    def show_unknown(self) -> None:
        self.set_status(404)
        self.render_page("table_closed", cafe_name="", reason="unknown")

    async def _open(self, code: str) -> GuestSessionView:
        command = msgspec.convert({"tableCode": code}, OpenTableSession)
        table = await self.context.runner.read(get_table_by_code, code)
        guest = await self._find_guest(table.cafe_id)
        outcome = await self.context.runner.write(
            partial(open_table_session, lane_limit=self.context.settings.lanes_per_seating),
            command,
            command_type=_OPEN.name,
            identity=guest,
            cafe_id=table.cafe_id,
        )
        return msgspec.json.decode(outcome.body, type=GuestSessionView)

    async def _find_guest(self, cafe_id: str) -> Identity | None:
        """Return the guest that this phone is already, in this cafe."""
        token = self.get_cookie(self.context.cookies.guest)
        if token is None:
            return None
        try:
            guest = await self.context.authentication.identify_token(token)
        except AuthenticationFailed:
            return None
        return guest if guest.is_guest and guest.cafe_id == cafe_id else None


def _read_page(code: str) -> tuple[Table, CafeRules]:
    table = get_table_by_code(code)
    return table, read_cafe(table.cafe_id)
