"""/pin on a paired screen: who works at it now; and one's own PIN at /sign-ins/pin."""

from domain.commands import SetPin, SignInByPin
from domain.errors import AuthenticationFailed, TableTapError, UnprocessableInput
from domain.identifiers import is_id
from domain.roles import Identity
from handlers.base import SIGNED_IN
from handlers.page import StaffPage
from handlers.pages.sign_in import SignInForm
from services.pins import PinPerson

_FAULTS = (401, 429)


class PinPage(SignInForm, StaffPage):
    """The people of the cafe, then the keys. Whoever is signed in here is asked anew."""

    permission = SIGNED_IN

    async def authenticate(self) -> Identity:
        """The screen itself, whoever works at it."""
        secret = self.get_cookie(self.context.cookies.device)
        if secret is None:
            raise AuthenticationFailed("Pair this screen first.", code="device_unpaired")
        return await self.recognise_device(secret)

    async def get(self) -> None:
        await self._show(self.get_query_argument("person", ""), fault="")

    async def post(self) -> None:
        person_id = self.read_field("person", longest=36)
        try:
            if not is_id(person_id):
                raise AuthenticationFailed("Choose your name first.")
            signed_in = await self.context.pins.sign_in(
                self.identity,
                SignInByPin(person_id=person_id, pin=self.read_field("pin", longest=20) or "-"),
                client=self.client,
            )
        except TableTapError as error:
            if error.status not in _FAULTS:
                raise
            self.set_status(error.status)
            await self._show(person_id, fault=error.message)
            return
        self.begin(signed_in)
        self.see_other("/displays")

    async def _show(self, person_id: str, *, fault: str) -> None:
        people = await self.context.pins.list_people(self.identity)
        self.render_page("pin", people=people, chosen=_find(people, person_id), fault=fault)


class OwnPinPage(StaffPage):
    """POST /sign-ins/pin: choose one's own PIN."""

    permission = "list_sign_ins"

    async def get(self) -> None:
        self.render_page("own_pin", fault="", is_set=False)

    async def post(self) -> None:
        fault, typed = "", self.read_field("pin", longest=20)
        if typed != self.read_field("pin_again", longest=20):
            fault = "The two are not the same. Type the new PIN twice."
        else:
            try:
                await self.context.pins.set_pin(self.identity, SetPin(pin=typed or "-"))
            except UnprocessableInput as error:
                fault = error.message
        if fault:
            self.set_status(422)
        self.render_page("own_pin", fault=fault, is_set=not fault)


def _find(people: list[PinPerson], person_id: str) -> PinPerson | None:
    return next((each for each in people if each.person_id == person_id), None)
