"""/pin on a paired screen: who works there, and a manager's consent; /sign-ins/pin: one's own."""

from typing import get_args

from domain.commands import GiveConsent, SetPin, SignInByPin
from domain.consents import ConsentAct
from domain.errors import (
    AuthenticationFailed,
    InvalidMessage,
    TableTapError,
    UnprocessableInput,
)
from domain.identifiers import is_id
from domain.roles import Identity
from handlers.base import SIGNED_IN, BaseHandler
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
        then = self.read_field("then", longest=10, default="")
        self.see_other("/shift" if then == "shift" else "/displays")

    async def _show(self, person_id: str, *, fault: str) -> None:
        people = await self.context.pins.list_people(self.identity)
        self.render_page("pin", people=people, chosen=_find(people, person_id), fault=fault)


class ConsentPage(StaffPage):
    """POST /pin/consent: what a page's script asks when only a manager may; answers JSON."""

    permission = "serve_items"

    async def post(self) -> None:
        secret = self.get_cookie(self.context.cookies.device)
        if secret is None:
            raise AuthenticationFailed("PINs work on paired screens only.", code="no_screen")
        fields = {
            name: self.read_field(name, longest=40)
            for name in ("person_id", "pin", "act", "order_id")
        }
        if not is_id(fields["person_id"]) or not is_id(fields["order_id"]):
            raise InvalidMessage("Choose a manager first.")
        if fields["act"] not in get_args(ConsentAct):
            raise InvalidMessage("No consent is needed for this.")
        consent = await self.context.pins.give_consent(
            await self.recognise_device(secret),
            GiveConsent(**{**fields, "pin": fields["pin"] or "-"}),  # type: ignore[arg-type]
            asker=self.identity,
        )
        self.finish({"consentId": consent.consent_id})

    def write_error_body(self, error: TableTapError) -> None:
        """The error object: a script reads it."""
        BaseHandler.write_error_body(self, error)


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
