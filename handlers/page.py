"""What every page shares: who sees it, its context, its faults as pages, its cookies.

A page is one module named like its template. Staff pages ask for a sign-in and lead to the
sign-in page without one; guest pages ask for a guest's cookie; the rest says `is_public`.
"""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from domain.errors import AuthenticationFailed, InvalidMessage, TableTapError
from domain.pins import IDLE
from domain.roles import Identity
from domain.views.base import Position
from handlers.base import BaseHandler
from handlers.languages import DEFAULT_LOCALE, choose_locale, tell_refusal
from handlers.security import build_content_security_policy, make_nonce
from services.pins import PinPerson

# As in JSON (realtime/strict_json.py): tab and new line are text, no printer or terminal is to
# meet the others.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class PageHandler(BaseHandler):
    """Base of pages."""

    home = "/"
    time_zone = "UTC"
    # How a browser writes the page's forms.
    form_type = "application/x-www-form-urlencoded"
    # Whether the page speaks the language of a guest; staff read English.
    speaks_to_guests = False

    async def prepare(self) -> None:
        await super().prepare()
        said = self.request.headers.get("Content-Type", self.form_type)
        if self.request.method == "POST" and said.split(";")[0].strip().lower() != self.form_type:
            raise InvalidMessage("Send the form as a browser does.")

    def render_page(self, template: str, **context: Any) -> None:
        """Answer a page. template: below templates/pages/, without its ending."""
        nonce = make_nonce()
        self._finish_page(self._prepare_page(template, nonce, context)(), nonce)

    async def render_page_aside(self, template: str, **context: Any) -> None:
        """Answer a page that is rendered in a thread: a large one that is asked for in a row."""
        nonce = make_nonce()
        html = await asyncio.to_thread(self._prepare_page(template, nonce, context))
        self._finish_page(html, nonce)

    def _prepare_page(
        self, template: str, nonce: str, context: dict[str, Any]
    ) -> Callable[[], str]:
        return partial(
            self.context.templates.render_page,
            f"pages/{template}.html",
            locale=self.locale_code,
            time_zone=self.time_zone,
            nonce=nonce,
            roles=sorted(self._identity.roles) if self._identity is not None else [],
            is_screen=self._identity is not None and self._identity.is_device,
            idle_s=self._find_idle_s(),
            **context,
        )

    def _finish_page(self, html: str, nonce: str) -> None:
        self.set_header("Content-Security-Policy", build_content_security_policy(nonce=nonce))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html)

    @property
    def locale_code(self) -> str:
        """The language of this answer: what the guest chose, else what their phone asks for."""
        if not self.speaks_to_guests:
            return DEFAULT_LOCALE
        chosen = self.get_cookie(self.context.cookies.language)
        return choose_locale(self.request.headers.get("Accept-Language", ""), chosen)

    def tell(self, error: TableTapError) -> str:
        """Say an error in the language of this answer."""
        return tell_refusal(error, self.locale_code)

    def _find_idle_s(self) -> int:
        """Return after how long without a touch somebody leaves a shared screen; 0 for never."""
        is_shared = self.get_cookie(self.context.cookies.device) is not None
        is_person = self._identity is not None and self._identity.person_id is not None
        return int(IDLE.total_seconds()) if is_shared and is_person else 0

    def see_other(self, address: str) -> None:
        """Send the browser on with a GET. address: a path of ours."""
        self.redirect(address, status=303)

    def read_field(self, name: str, *, longest: int, default: str | None = None) -> str:
        """Return a form field, exactly as it was typed but for blanks at its ends.

        Raises: InvalidMessage where it is missing, given twice, too long or no text.
        """
        values = self.request.body_arguments.get(name, [])
        if not values and default is not None:
            return default
        if len(values) != 1:
            raise InvalidMessage(f"The form lacks the field {name}. Go back and try again.")
        typed = self.decode_argument(values[0], name)
        if _CONTROLS.search(typed):
            raise InvalidMessage(f"The field {name} has control characters. Type it again.")
        text = typed.strip()
        if len(text) > longest:
            raise InvalidMessage(f"The field {name} is too long. Shorten it to {longest} letters.")
        return text

    def drop_cookie(self, name: str) -> None:
        self.clear_cookie(
            name,
            path="/",
            httponly=True,
            secure=self.context.settings.is_secure,
            samesite="Lax",
        )

    def write_error_body(self, error: TableTapError) -> None:
        details = error.details or {}
        self.render_page(
            "error",
            status=error.status,
            message=self.tell(error),
            reference=details.get("errorId", ""),
            home=self.home,
        )


class StaffPage(PageHandler):
    """A page of the cafe's people and of its paired screens."""

    home = "/displays"

    async def authenticate(self) -> Identity:
        """Whoever has signed in on a screen comes before the screen itself."""
        cookies = self.context.cookies
        secret, device_secret = self.get_cookie(cookies.sign_in), self.get_cookie(cookies.device)
        try:
            if secret is not None:
                return await self.recognise_sign_in(secret)
        except AuthenticationFailed:
            if device_secret is None:
                raise
        if device_secret is None:
            raise AuthenticationFailed("Sign in first.", code="credentials_missing")
        return await self.recognise_device(device_secret)

    async def list_consenters(self) -> list[PinPerson]:
        """List the managers who may consent by PIN here; nobody where this is no paired screen."""
        secret = self.get_cookie(self.context.cookies.device)
        if secret is None:
            return []
        try:
            screen = await self.recognise_device(secret)
        except AuthenticationFailed:  # of a screen that was unpaired
            return []
        return await self.context.pins.list_managers(screen)

    def write_error_body(self, error: TableTapError) -> None:
        """Lead to the sign-in and back here afterwards; a screen that was unpaired to its code."""
        if error.status == 401 and self.request.method in ("GET", "HEAD"):
            self.set_status(303)
            after = f"/sign-in?after={quote(self.request.uri or '/', safe='')}"
            is_screen = error.code == "device_unpaired"
            self.set_header("Location", "/pair" if is_screen else after)
            self.finish()
        else:
            super().write_error_body(error)


class GuestPage(PageHandler):
    """A page of a guest's phone."""

    home = "/menu"
    speaks_to_guests = True

    async def authenticate(self) -> Identity:
        token = self.get_cookie(self.context.cookies.guest)
        if token is None:
            raise AuthenticationFailed(
                "Scan the code on your table to begin.", code="credentials_missing"
            )
        return await self.context.authentication.identify_token(token)

    def write_error_body(self, error: TableTapError) -> None:
        """A phone without a seating is told what to do, not asked to sign in."""
        if error.status == 401:
            self.render_page("table_closed", cafe_name="", reason="closed")
        else:
            super().write_error_body(error)


def build_live(
    *, namespace: str, rooms: list[str], render: list[str], position: Position
) -> dict[str, Any]:
    """Make what a page's script needs to attach where the page's content ends."""
    return {
        "namespace": namespace,
        "rooms": rooms,
        "render": render,
        "position": {
            "epoch": position.epoch,
            "seq": position.seq,
            "eventId": position.event_id,
        },
    }
