"""/displays: what a screen shall be, for whoever signed in on it. / leads there."""

import asyncio

from domain.permissions import may
from handlers.base import SIGNED_IN
from handlers.page import PageHandler, StaffPage
from handlers.pages.pair import find_home
from services.boards import list_stations
from services.cafes import read_cafe
from services.devices import read_device


class StartPage(PageHandler):
    """/ leads staff to their displays and a guest's phone to its menu."""

    is_public = True

    async def get(self) -> None:
        cookies = self.context.cookies
        is_staff = self.get_cookie(cookies.sign_in) or self.get_cookie(cookies.device)
        is_guest = self.get_cookie(cookies.guest) and not is_staff
        self.see_other("/menu" if is_guest else "/displays")


class StationChoicePage(StaffPage):
    """The displays that the person's roles open."""

    permission = SIGNED_IN  # the page shows what is open to whoever looks

    async def get(self) -> None:
        identity, runner = self.identity, self.context.runner
        if identity.device_id is not None:  # what a paired screen is was chosen for it
            self.see_other(
                find_home(await runner.read(read_device, identity.cafe_id, identity.device_id))
            )
            return
        cafe, stations, person_name = await asyncio.gather(
            runner.read(read_cafe, identity.cafe_id),
            runner.read(list_stations, identity.cafe_id),
            self.context.authentication.read_person_name(identity),
        )
        self.render_page(
            "station_choice",
            cafe_name=cafe.name,
            person_name=person_name,
            stations=stations,
            may_kitchen=may(identity, "list_tickets"),
            may_counter=may(identity, "list_tables"),
            may_board=may(identity, "read_board"),
            may_admin=may(identity, "read_analytics"),
        )
