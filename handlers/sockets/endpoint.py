"""What the transports of one namespace share: the plane, the limits, and how a request is read."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from tornado.httputil import HTTPServerRequest

from config.namespaces import Namespace
from domain.errors import InvalidMessage, PayloadTooLarge
from handlers.sockets.origins import OriginPolicy
from realtime.messages.commands import AuthenticateData
from realtime.plane import Plane
from realtime.session import Session, Transport

# Messages in one SockJS frame or xhr_send body.
BATCH_LIMIT = 64
# WebSocket frames between the message limit and this many times it get a structured error and
# the connection lives; larger ones are not even read (close 1009).
_OVERSIZE_FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketDependencies:
    """What composition gives to the transports.

    read_address: the client's address behind trusted proxies. identity_cookies: names of the
    cookies that say who somebody is; an xhr session stays with those that opened it.
    """

    plane: Plane
    read_address: Callable[[HTTPServerRequest], str]
    identity_cookies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One namespace's door. ping_interval_s: of WebSocket pings."""

    namespace: Namespace
    dependencies: SocketDependencies
    origins: OriginPolicy
    frame_limit_bytes: int
    ping_interval_s: float

    @property
    def plane(self) -> Plane:
        return self.dependencies.plane

    @property
    def oversize_limit_bytes(self) -> int:
        """Larger frames are not read at all."""
        return _OVERSIZE_FACTOR * self.frame_limit_bytes

    def open(self, transport: Transport, request: HTTPServerRequest) -> Session:
        """Begin a session for a connection that has just opened."""
        session = self.plane.open(
            transport,
            namespace=self.namespace,
            address=self.dependencies.read_address(request),
            bearer=_read_bearer(request),
            query=read_query(request),
        )
        hide_query(request)
        return session

    async def admits(self, request: HTTPServerRequest) -> bool:
        """Say whether the page that a request comes from may connect."""
        is_admitted = self.origins.admits(request)
        if not is_admitted:
            await self.plane.note_foreign_page(self.dependencies.read_address(request))
        return is_admitted

    async def receive_text(self, session: Session, message: str | bytes) -> None:
        """Take one message of a plain connection."""
        if isinstance(message, bytes):
            error = InvalidMessage("Send text frames; binary ones are not read.", code="bad_frame")
            self.plane.refuse_frame(session, error)
            return
        await self.plane.receive(session, message.encode())

    async def receive_batch(self, session: Session, frame: str | bytes) -> None:
        """Take a SockJS frame: a JSON array of messages, or one message as a JSON string."""
        try:
            messages = self.read_batch(frame)
        except InvalidMessage as error:
            self.plane.refuse_frame(session, error)
            return
        for message in messages:
            await self.plane.receive(session, message.encode())

    def read_batch(self, frame: str | bytes) -> list[str]:
        """Unpack a SockJS frame. Raises: InvalidMessage."""
        if len(frame) > self.frame_limit_bytes:
            raise PayloadTooLarge(
                f"A frame may have {self.frame_limit_bytes} bytes. Send less at once.",
                details={"limitBytes": self.frame_limit_bytes},
            )
        try:
            batch = msgspec.json.decode(frame, type=list[str] | str)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise InvalidMessage(
                "A SockJS frame is a JSON array of strings.", code="bad_frame"
            ) from error
        messages = [batch] if isinstance(batch, str) else batch
        if len(messages) > BATCH_LIMIT:
            raise PayloadTooLarge(
                f"A frame may have {BATCH_LIMIT} messages. Send less at once.",
                details={"limitMessages": BATCH_LIMIT},
            )
        return messages

    def fingerprint(self, request: HTTPServerRequest) -> bytes:
        """Say who stands behind a request, as far as HTTP tells; kept, so hashed.

        The id of an xhr session is its only capability: somebody who learns it from elsewhere
        has another address or other cookies.
        """
        parts = [
            self.dependencies.read_address(request),
            request.headers.get("Authorization", ""),
            *(
                morsel.value
                for name in self.dependencies.identity_cookies
                if (morsel := request.cookies.get(name)) is not None
            ),
        ]
        return sha256("\0".join(parts).encode()).digest()


def read_query(request: HTTPServerRequest) -> AuthenticateData | None:
    """Read what an address asks for: token, rooms, render, locale, epoch, seq and eventId.

    None where it asks for nothing or for something that cannot be.
    """
    given = {
        name: [value.decode("utf-8", "replace") for value in values]
        for name, values in request.query_arguments.items()
    }
    if not given:
        return None
    wish: dict[str, object] = {
        name: given[name][0] for name in ("token", "locale") if name in given
    }
    wish |= {name: given[name] for name in ("rooms", "render") if name in given}
    if "epoch" in given and "seq" in given:
        wish["position"] = {
            name: given[name][0] for name in ("epoch", "seq", "eventId") if name in given
        }
    try:
        return msgspec.convert(wish, AuthenticateData, strict=False)
    except msgspec.ValidationError:
        return None


def hide_query(request: HTTPServerRequest) -> None:
    """Keep a token in the address out of access logs (requirements A12)."""
    request.uri = request.path
    request.query = ""


def _read_bearer(request: HTTPServerRequest) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
