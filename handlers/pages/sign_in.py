"""/sign-in, /sign-out and /cafes: how a person of the cafe comes in, changes cafe, and leaves."""

import re
from typing import Any

import msgspec
from tornado.web import HTTPError

from domain.errors import AuthenticationFailed, ErrorType, TableTapError
from domain.identifiers import is_id
from handlers.base import SIGNED_IN
from handlers.page import PageHandler, StaffPage
from services.authentication import SignedIn, SignIn

HOME = "/displays"
# A path of ours, and nothing that a browser could take for another host.
_LOCAL_PATH = re.compile(r"/(?![/\\])[\w\-./?=&%~,:]*", re.ASCII)
_LONGEST_PATH = 500


class SignInForm(PageHandler):
    """What pages share that begin a sign-in."""

    def begin(self, signed_in: SignedIn) -> None:
        """Let the browser keep a sign-in."""
        ttl_s = self.context.settings.sign_in_ttl_s
        self.set_session_cookie(self.context.cookies.sign_in, signed_in.secret, ttl_s=ttl_s)

    def read_password(self) -> str:
        """Return the password exactly as it was typed: blanks at its ends belong to it."""
        values = self.request.body_arguments.get("password", [b""])
        return self.decode_argument(values[-1], "password")


class SignInPage(SignInForm):
    """The form, and what it sends."""

    is_public = True
    home = "/sign-in"

    async def get(self) -> None:
        self._show(email="", fault="", after=_choose_way(self.get_query_argument("after", "")))

    async def post(self) -> None:
        """Sign in with a cookie; who works in several cafes chooses one next."""
        email = self.read_field("email", longest=254)
        after = _choose_way(self.read_field("after", longest=_LONGEST_PATH, default=""))
        password = self.read_password()
        try:
            signed_in = await self._sign_in(email, password)
        except TableTapError as error:
            if error.type not in _FAULTS_OF_THE_FORM:
                raise
            self.set_status(error.status)
            self._show(email=email, fault=error.message, after=after)
            return
        self.begin(signed_in)
        self.see_other("/cafes" if len(signed_in.cafes) > 1 else after or HOME)

    async def _sign_in(self, email: str, password: str) -> SignedIn:
        try:
            command = msgspec.convert({"email": email, "password": password}, SignIn)
        except msgspec.ValidationError as error:
            raise AuthenticationFailed("Fill in your e-mail address and password.") from error
        return await self.context.authentication.sign_in(
            command, client=self.client, may_choose_later=True
        )

    def _show(self, **context: Any) -> None:
        self.render_page("sign_in", **context)


class SignOutPage(StaffPage):
    """POST /sign-out. A GET would let any link sign people out."""

    permission = SIGNED_IN

    async def post(self) -> None:
        await self.context.authentication.sign_out(self.identity)
        self.drop_cookie(self.context.cookies.sign_in)
        # Somebody who came to a paired screen by PIN leaves it to itself.
        is_screen = self.get_cookie(self.context.cookies.device) is not None
        self.see_other("/displays" if is_screen else "/sign-in")


class CafesPage(SignInForm, StaffPage):
    """Which cafe to work in, for people who have several."""

    permission = SIGNED_IN  # each sees their own

    async def get(self) -> None:
        cafes = await self.context.authentication.list_cafes(self.identity)
        self.render_page("cafe_choice", cafes=cafes, current_cafe_id=self.identity.cafe_id)

    async def post(self) -> None:
        cafe_id = self.read_field("cafe_id", longest=36)
        if not is_id(cafe_id):
            raise HTTPError(404)
        if cafe_id != self.identity.cafe_id:
            signed_in = await self.context.authentication.change_cafe(
                self.identity, cafe_id, client=self.client
            )
            self.begin(signed_in)
        self.see_other(HOME)


# Answered inside the form; the rest is a page of its own.
_FAULTS_OF_THE_FORM = frozenset({ErrorType.AUTHENTICATION_FAILED, ErrorType.RATE_LIMIT_EXCEEDED})


def _choose_way(path: str) -> str:
    """Return where to go on after signing in: a path of ours, or "" for the usual place."""
    is_ours = len(path) <= _LONGEST_PATH and _LOCAL_PATH.fullmatch(path) is not None
    return path if is_ours else ""
