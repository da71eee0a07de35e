"""The one handler of the REST API: looks up the row of the route table and does what it says.

Authentication by bearer token, else by a page's cookie; rights, path, query and body are checked
here for every route, so that a route's own function starts with clean structs.
"""

from typing import Any

import msgspec
from tornado.web import HTTPError

from config.logging import bound
from domain.commands import CommandId
from domain.errors import AuthenticationFailed, InvalidMessage, NotFound, TableTapError
from domain.roles import Identity
from handlers.api.route import (
    PATH_PARAMETERS,
    PUBLIC,
    ApiRequest,
    Idempotency,
    Route,
)
from handlers.base import BaseHandler
from handlers.context import HandlerContext
from handlers.errors import UnsupportedMediaType
from realtime.strict_json import check_json, decode_checked
from realtime.suspicion import Suspect

_PREFLIGHT_S = 600
_READABLE_HEADERS = "Idempotency-Replayed, Retry-After, X-Request-Id"
_SENDABLE_HEADERS = "Authorization, Content-Type, Idempotency-Key"


class ApiHandler(BaseHandler):
    """All methods of one address."""

    def initialize(  # type: ignore[override]
        self, context: HandlerContext, route: str, routes: dict[str, Route]
    ) -> None:
        """routes: method -> row."""
        super().initialize(context, route)
        self._routes = routes
        self._row: Route | None = None
        self._token: str | None = None

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Vary", "Origin")
        origin = self.request.headers.get("Origin")
        if origin is not None and origin in self.settings["trusted_origins"]:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Allow-Credentials", "true")
            self.set_header("Access-Control-Expose-Headers", _READABLE_HEADERS)
            self.set_header("Cross-Origin-Resource-Policy", "cross-origin")

    def list_methods(self) -> list[str]:
        others = [method for method in self._routes if method != "GET"]
        return ["GET", "HEAD", *others] if "GET" in self._routes else others

    async def prepare(self) -> None:
        method = self.request.method or ""
        self._row = self._routes.get("GET" if method == "HEAD" else method)
        if self._row is not None:
            self.is_public = self._row.permission == PUBLIC
            self.permission = self._row.permission
        try:
            await super().prepare()
        except TableTapError as error:
            suspect = Suspect(address=self.client_address, identity=self._identity)
            await self.context.suspicions.note_refusal(suspect, error, token=self._token)
            raise

    async def authenticate(self) -> Identity:
        """A token in the header speaks alone; else a sign-in's cookie, a screen's, a guest's."""
        token = self._find_bearer_token()
        if token is not None:
            self._token = token
            if self._row is not None and self._row.rereads_rights:
                return self.context.authentication.read_token(token)
            return await self.context.authentication.identify_token(token)
        cookies = self.context.cookies
        for name, recognise in (
            (cookies.sign_in, self.recognise_sign_in),
            (cookies.device, self.recognise_device),
        ):
            secret = self.get_cookie(name)
            try:
                if secret is not None:
                    return await recognise(secret)
            except AuthenticationFailed:
                if not self._has_other_cookie(name):
                    raise
        guest = await self.find_guest()
        if guest is None:
            raise AuthenticationFailed("Sign in first.", code="credentials_missing")
        self._token = self.get_cookie(self.context.cookies.guest)
        return guest

    def _has_other_cookie(self, name: str) -> bool:
        """Whether somebody of a lower place may be asking, where this cookie is nobody's."""
        cookies = self.context.cookies
        order = (cookies.sign_in, cookies.device, cookies.guest)
        return any(self.get_cookie(each) for each in order[order.index(name) + 1 :])

    async def find_guest(self) -> Identity | None:
        """Return the guest whose cookie came along, whoever else is signed in here."""
        token = self.get_cookie(self.context.cookies.guest)
        if token is None or self._find_bearer_token() is not None:
            return None
        return await self.context.authentication.identify_token(token)

    async def get(self, **path: str) -> None:
        await self._answer(path)

    async def post(self, **path: str) -> None:
        await self._answer(path)

    async def put(self, **path: str) -> None:
        await self._answer(path)

    async def options(self, **_: str) -> None:
        """Say what may be sent here, also to a listed other origin that asks beforehand."""
        methods = ", ".join((*self.list_methods(), "OPTIONS"))
        self.set_status(204)
        self.set_header("Allow", methods)
        if "Access-Control-Allow-Origin" in self._headers:
            self.set_header("Access-Control-Allow-Methods", methods)
            self.set_header("Access-Control-Allow-Headers", _SENDABLE_HEADERS)
            self.set_header("Access-Control-Max-Age", str(_PREFLIGHT_S))

    async def _answer(self, path: dict[str, str]) -> None:
        row = self._row
        if row is None:
            raise HTTPError(405)
        with bound(request_id=self.request_id, cafe_id=self.cafe_id):
            answer = await row.call(self._read_request(row, path))
        self.set_status(row.status if answer.status is None else answer.status)
        if answer.is_replay:
            self.set_header("Idempotency-Replayed", "true")
        if answer.body:
            self.set_header("Content-Type", "application/json")
            self.finish(answer.body)

    def _read_request(self, row: Route, path: dict[str, str]) -> ApiRequest:
        read_path = {name: _read_path_parameter(name, path[name]) for name in row.path_names}
        return ApiRequest(
            context=self.context,
            caller=None if self.is_public else self.identity,
            path=read_path,
            query=self._read_query(row),
            body=self._read_body(row, read_path),
            command_id=self._read_command_id(row),
            client=self.client,
            token=self._token,
            find_guest=self.find_guest,
        )

    def _read_query(self, row: Route) -> Any:
        given: dict[str, str] = {}
        for name, values in self.request.query_arguments.items():
            if len(values) != 1:
                raise InvalidMessage("Give each parameter once.", code="invalid_query")
            given[name] = self.decode_argument(values[0], name)
        if row.query is None:
            if given:
                raise InvalidMessage(
                    "This address takes no parameters after the question mark.",
                    code="invalid_query",
                )
            return None
        try:
            return msgspec.convert(given, row.query, strict=False)
        except msgspec.ValidationError as error:
            names = ", ".join(each.encode_name for each in msgspec.structs.fields(row.query))
            raise InvalidMessage(
                f"The parameters after the question mark do not fit. There are: {names}.",
                code="invalid_query",
            ) from error

    def _read_body(self, row: Route, path: dict[str, Any]) -> Any:
        raw = self.request.body if self.request.body.strip() else b""
        if row.body is None:
            if raw:
                raise InvalidMessage("This address takes no body.", code="unexpected_body")
            return None
        if raw:
            self._require_json()
        check_json(raw or b"{}", limit_bytes=self.context.settings.body_limit_bytes)
        if not path:
            return decode_checked(raw or b"{}", row.body)
        fields = decode_checked(raw or b"{}", dict[str, Any])
        for name, encoded in row.body_path_names.items():
            if encoded in fields:
                raise InvalidMessage(
                    f"{encoded} belongs into the address alone.", code="unknown_field"
                )
            fields[encoded] = path[name]
        return decode_checked(msgspec.json.encode(fields), row.body)

    def _require_json(self) -> None:
        media_type = self.request.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMediaType

    def _read_command_id(self, row: Route) -> str | None:
        given = self.request.headers.get_list("Idempotency-Key")
        if row.idempotency is Idempotency.NONE or not given:
            if row.idempotency is Idempotency.REQUIRED:
                raise InvalidMessage(
                    "Send an Idempotency-Key header: a new id for each new command, the same one "
                    "when you repeat it.",
                    code="idempotency_key_missing",
                )
            return None
        if len(given) > 1:
            raise InvalidMessage("Send one Idempotency-Key.")
        try:
            return msgspec.convert(given[0], CommandId)
        except msgspec.ValidationError as error:
            raise InvalidMessage(
                "An Idempotency-Key is 1 to 64 visible letters, digits and signs.",
                code="invalid_idempotency_key",
            ) from error

    def _find_bearer_token(self) -> str | None:
        """Return the token of the Authorization header, None where there is no such header."""
        given = self.request.headers.get("Authorization")
        if given is None:
            return None
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AuthenticationFailed("Send the token as: Authorization: Bearer <token>.")
        return token.strip()


def _read_path_parameter(name: str, text: str) -> Any:
    """Convert a part of the path; what cannot be one looks like an unknown one."""
    try:
        return msgspec.convert(text, PATH_PARAMETERS[name], strict=False)
    except msgspec.ValidationError as error:
        raise NotFound("There is no such thing here. Check the id.") from error
