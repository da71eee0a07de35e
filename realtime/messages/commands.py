"""What clients send: `{type, id, data}`, one union per namespace built from config/namespaces.py.

The payload structs are those of domain/commands.py, which REST bodies use too. Room commands and
`heartbeat` are accepted everywhere, as is `refresh`; `authenticate` is the first frame.
"""

from typing import Annotated, Any, Literal, Union, cast

import msgspec

from config.namespaces import NAMESPACES, Namespace
from domain import commands
from domain.commands import CommandId
from domain.screens import Sound

RoomName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
# 4 KiB is what services/tokens.py reads at most.
Token = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]

# Every command that changes something, with the struct that its `data` is.
COMMAND_TYPES: dict[str, type[commands.Command]] = {
    "quote": commands.Quote,
    "place_order": commands.PlaceOrder,
    "add_round": commands.AddRound,
    "void_items": commands.VoidItems,
    "cancel_order": commands.CancelOrder,
    "approve_round": commands.ApproveRound,
    "reject_round": commands.RejectRound,
    "start_items": commands.StartItems,
    "finish_items": commands.FinishItems,
    "recall_items": commands.RecallItems,
    "serve_items": commands.ServeItems,
    "hand_back_items": commands.HandBackItems,
    "serve_unprepared": commands.ServeUnprepared,
    "remake_items": commands.RemakeItems,
    "acknowledge_void": commands.AcknowledgeVoid,
    "acknowledge_allergy": commands.AcknowledgeAllergy,
    "call_server": commands.CallServer,
    "hold_items": commands.HoldItems,
    "fire_items": commands.FireItems,
    "rush_ticket": commands.RushTicket,
    "withdraw_rush": commands.WithdrawRush,
    "start_ticket": commands.StartTicket,
    "bump_ticket": commands.BumpTicket,
    "recall_ticket": commands.RecallTicket,
    "move_station": commands.MoveStation,
    "return_station": commands.ReturnStation,
    "set_failover": commands.SetFailover,
    "set_availability": commands.SetAvailability,
    "pause_ordering": commands.PauseOrdering,
    "resume_ordering": commands.ResumeOrdering,
    "set_busy_limit": commands.SetBusyLimit,
    "edit_menu_item": commands.EditMenuItem,
    "edit_modifier": commands.EditModifier,
    "set_grace": commands.SetGrace,
    "set_opening_times": commands.SetOpeningTimes,
    "close_table_session": commands.CloseTableSession,
    "name_order": commands.NameOrder,
    "move_table": commands.MoveTable,
    "merge_tables": commands.MergeTables,
    "order_status_update": commands.OrderStatusUpdate,
    "initiate_payment": commands.InitiatePayment,
    "confirm_terminal_payment": commands.ConfirmTerminalPayment,
    "decline_terminal_payment": commands.DeclineTerminalPayment,
    "cancel_payment": commands.CancelPayment,
    "refund_payment": commands.RefundPayment,
    "send_notice": commands.SendNotice,
    "acknowledge_notification": commands.AcknowledgeNotification,
    "resolve_notification": commands.ResolveNotification,
    "rate_visit": commands.RateVisit,
    "call_staff": commands.CallStaff,
    "cancel_call": commands.CancelCall,
}


class Payload(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Base of `data` of the connection's own messages."""


class ClientMessage(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    tag_field="type",
    forbid_unknown_fields=True,
):
    """Base of everything that a client sends."""


class KnownPosition(Payload, frozen=True, kw_only=True):
    """What a client claims to know; compared with the log, never believed."""

    epoch: Annotated[str, msgspec.Meta(max_length=64)]
    seq: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    event_id: Annotated[str, msgspec.Meta(max_length=64)] = ""


class AuthenticateData(Payload, frozen=True, kw_only=True):
    """token: may be absent where the connection came with one. position: resume from there.

    rooms: wanted beside those that the roles imply. render: cards wanted as HTML. boot: of the
    last `welcome`, by who comes back: returns to a server that was restarted are not counted.
    """

    token: Token | None = None
    rooms: Annotated[list[RoomName], msgspec.Meta(max_length=64)] = []
    position: KnownPosition | None = None
    render: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=40)]], msgspec.Meta(max_length=8)
    ] = []
    locale: Annotated[str, msgspec.Meta(max_length=35, pattern="^[A-Za-z0-9-]*$")] = ""
    boot: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Authenticate(ClientMessage, frozen=True, kw_only=True, tag="authenticate"):
    """The first frame, within 10 s."""

    id: CommandId | None = None
    data: AuthenticateData


class Painted(Payload, frozen=True, kw_only=True):
    """What a kitchen display shows (spec G5).

    tickets: those that it has painted since it last said so, with their versions; after a
    reconnect all that it shows. open: how many those are. is_visible: somebody could see them.
    screen: what the page calls itself for as long as it is loaded again; a paired screen is known
    by its device.
    """

    tickets: Annotated[
        dict[commands.Id, Annotated[int, msgspec.Meta(ge=0, le=2**31)]],
        msgspec.Meta(max_length=200),
    ] = {}
    open: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    is_visible: bool = True
    sound: Sound = Sound.UNKNOWN
    screen: Annotated[str, msgspec.Meta(max_length=36, pattern="^[A-Za-z0-9-]*$")] = ""


class HeartbeatData(Payload, frozen=True, kw_only=True):
    """position: what the client has; painted: what a display shows."""

    position: KnownPosition | None = None
    painted: Painted | None = None


class Heartbeat(ClientMessage, frozen=True, kw_only=True, tag="heartbeat"):
    """A sign of life, answered at once, counted by nobody."""

    id: CommandId | None = None
    data: HeartbeatData = HeartbeatData()


class RefreshData(Payload, frozen=True, kw_only=True):
    token: Token


class Refresh(ClientMessage, frozen=True, kw_only=True, tag="refresh"):
    """A new token of the same person or phone, before the old one runs out (spec D7)."""

    id: CommandId
    data: RefreshData


class CafeRoom(Payload, frozen=True, kw_only=True):
    cafe_id: commands.Id


class OrderRoom(Payload, frozen=True, kw_only=True):
    order_id: commands.Id


class TableRoom(Payload, frozen=True, kw_only=True):
    table_number: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class StationRoom(Payload, frozen=True, kw_only=True):
    station_id: commands.Id


class RoomCommand(ClientMessage, frozen=True, kw_only=True):
    """Base of the commands that join or leave one room."""

    id: CommandId
    data: Any


class JoinCafe(RoomCommand, frozen=True, kw_only=True, tag="join_cafe"):
    """Join the cafe's own room: everything that happens in it."""

    data: CafeRoom


class LeaveCafe(RoomCommand, frozen=True, kw_only=True, tag="leave_cafe"):
    """Leave the cafe's own room."""

    data: CafeRoom


class JoinOrder(RoomCommand, frozen=True, kw_only=True, tag="join_order"):
    """Join one order's room."""

    data: OrderRoom


class LeaveOrder(RoomCommand, frozen=True, kw_only=True, tag="leave_order"):
    """Leave one order's room."""

    data: OrderRoom


class JoinTable(RoomCommand, frozen=True, kw_only=True, tag="join_table"):
    """Join one table's room."""

    data: TableRoom


class LeaveTable(RoomCommand, frozen=True, kw_only=True, tag="leave_table"):
    """Leave one table's room."""

    data: TableRoom


class JoinStation(RoomCommand, frozen=True, kw_only=True, tag="join_station"):
    """Join one station's room."""

    data: StationRoom


class LeaveStation(RoomCommand, frozen=True, kw_only=True, tag="leave_station"):
    """Leave one station's room."""

    data: StationRoom


class CommandMessage(ClientMessage, frozen=True, kw_only=True):
    """Base of the commands that change something; `type` and `data` follow COMMAND_TYPES."""

    id: CommandId
    data: Any


class OrderStatusUpdateMessage(ClientMessage, frozen=True, kw_only=True, tag="order_status_update"):
    """The source's own command, bare or in the source's envelope (spec C7).

    event_id stands in for `id` where that is absent. cafe_id, user_id, timestamp and metadata are
    accepted and never decide anything (requirements T5); another cafe's id is refused.
    """

    id: CommandId | None = None
    event_id: CommandId | None = None
    timestamp: int | None = None
    version: Literal["1.0"] | None = None
    cafe_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    user_id: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    metadata: dict[str, Any] | None = None
    data: commands.OrderStatusUpdate


ROOM_MESSAGES: tuple[type[RoomCommand], ...] = (
    JoinCafe,
    LeaveCafe,
    JoinOrder,
    LeaveOrder,
    JoinTable,
    LeaveTable,
    JoinStation,
    LeaveStation,
)


def _build_command_message(name: str, payload: type[commands.Command]) -> type[ClientMessage]:
    if name == "order_status_update":
        return OrderStatusUpdateMessage
    class_name = "".join(word.title() for word in name.split("_")) + "Message"
    kind = msgspec.defstruct(
        class_name,
        [("data", payload)],
        bases=(CommandMessage,),
        tag=name,
        frozen=True,
        kw_only=True,
        module=__name__,
        namespace={"__doc__": (payload.__doc__ or "").strip()},
    )
    return cast(type[ClientMessage], kind)


COMMAND_MESSAGES: dict[str, type[ClientMessage]] = {
    name: _build_command_message(name, payload) for name, payload in COMMAND_TYPES.items()
}

COMMAND_NAMES: frozenset[str] = frozenset(
    {"authenticate", "heartbeat", "refresh"}
    | set(COMMAND_TYPES)
    | {str(kind.__struct_config__.tag) for kind in ROOM_MESSAGES}
)


def list_accepted(namespace: Namespace) -> list[type[ClientMessage]]:
    """List the messages that a namespace accepts, in the tables' order."""
    names = NAMESPACES[namespace].commands
    own = [kind for name, kind in COMMAND_MESSAGES.items() if name in names]
    return [Authenticate, Heartbeat, Refresh, *ROOM_MESSAGES, *own]


# One union per namespace: decoding is knowing the type, the namespace and the shape at once.
ACCEPTED: dict[Namespace, Any] = {
    namespace: Union[tuple(list_accepted(namespace))]  # noqa: UP007 - built from a list
    for namespace in Namespace
}
