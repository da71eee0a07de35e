"""Control messages: about the connection, not about the cafe. They carry no envelope."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from config.namespaces import Namespace
from domain.roles import Role
from domain.views.base import Position


class ControlMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    """Base of all control messages from the server."""


class ControlData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what stands under `data` of a control message."""


class WelcomeData(ControlData, frozen=True, kw_only=True):
    """boot: life of this server process; another one means that the server was restarted.

    render: the cards that will come as HTML. heartbeat_*: how often to beat, and what silence
    beyond that ends the connection.
    """

    connection_id: str
    boot: str
    cafe_id: str
    namespace: Namespace
    roles: list[Role]
    rooms: list[str]
    render: list[str]
    locale: str
    server_time: int
    heartbeat_interval_ms: int
    heartbeat_grace_ms: int
    protocol_version: str


class Welcome(ControlMessage, frozen=True, kw_only=True, tag="welcome"):
    """The first frame was accepted."""

    id: str | UnsetType = UNSET
    data: WelcomeData


class JoinedData(ControlData, frozen=True, kw_only=True):
    """position: what the stream is complete from; everything after it will come, once, in order."""

    rooms: list[str]
    mode: Literal["live", "replay", "resync"]
    position: Position


class Joined(ControlMessage, frozen=True, kw_only=True, tag="joined"):
    """From here events follow: first those that were missed (replay), then live ones."""

    data: JoinedData


class ResyncData(ControlData, frozen=True, kw_only=True):
    """reason: epoch_changed, log_differs, ahead, too_old, too_far_behind or log_unreadable."""

    position: Position
    reason: str


class Resync(ControlMessage, frozen=True, kw_only=True, tag="resync"):
    """What the client knows cannot be continued: load a snapshot at or after `position`."""

    data: ResyncData


class MarkData(ControlData, frozen=True, kw_only=True):
    """Everything up to here that concerns this connection has been sent."""

    epoch: str
    seq: int
    event_id: str


class Mark(ControlMessage, frozen=True, kw_only=True, tag="mark"):
    """The log stands here; everything of it that is for this connection has been sent."""

    data: MarkData


class HeartbeatAnswerData(ControlData, frozen=True, kw_only=True):
    """server_time: Unix milliseconds."""

    server_time: int


class HeartbeatAnswer(ControlMessage, frozen=True, kw_only=True, tag="heartbeat"):
    """The answer to a heartbeat."""

    data: HeartbeatAnswerData


class RefreshDueData(ControlData, frozen=True, kw_only=True):
    """expires_at: Unix milliseconds; the connection closes with 4003 then."""

    expires_at: int


class RefreshDue(ControlMessage, frozen=True, kw_only=True, tag="refresh_due"):
    """The token behind this connection runs out soon: send `refresh` with a new one."""

    data: RefreshDueData


class RefreshedData(ControlData, frozen=True, kw_only=True):
    """Answer to `refresh`. expires_at: Unix milliseconds, None where it does not run out."""

    expires_at: int | None


class Ack(ControlMessage, frozen=True, kw_only=True, tag="ack"):
    """A command was done. data: what it answers. seq: of its last event, absent without one."""

    id: str
    data: Any
    seq: int | UnsetType = UNSET


class RoomData(ControlData, frozen=True, kw_only=True):
    """Answer to a room command. position: what the room's stream is complete from."""

    room: str
    position: Position
