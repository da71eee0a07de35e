"""POST /rating: what a guest thought of it."""

from domain.commands import RateVisit
from domain.errors import InvalidMessage, TableTapError
from domain.identifiers import is_id
from handlers.pages.guest import run_once
from handlers.pages.guest_progress import GuestProgressPage
from services.operations import OPERATIONS

_RATE = OPERATIONS["rate_visit"]
_STARS = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}


class RatingPage(GuestProgressPage):
    """The form stands with the orders, and its answer too."""

    permission = "rate_visit"

    async def get(self, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other("/orders")

    async def post(self) -> None:
        command_id = self.read_field("command_id", longest=36)
        stars = _STARS.get(self.read_field("stars", longest=1, default=""))
        try:
            if not is_id(command_id):
                raise InvalidMessage("This form is not ours. Load the page again.")
            if stars is None:
                raise InvalidMessage("Choose from one star to five.")
            rating = RateVisit(stars=stars, word=self.read_field("word", longest=200, default=""))
            await run_once(self, _RATE, rating, command_id=command_id)
        except TableTapError as error:
            if error.status not in (400, 409, 422):
                raise
            self.set_status(error.status)
            await self.show(fault=self.tell(error))
            return
        self.see_other("/orders")
