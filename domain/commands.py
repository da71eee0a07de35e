"""Commands: requests to change something. One struct serves the REST body and the socket command.

Limits stand in the types, so that decoding is validating (unknown fields are refused). Who is
asking never comes from here: the identity does.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from domain.allergens import Allergen
from domain.consents import ConsentAct
from domain.diets import Diet
from domain.payments import PaymentMethod, SandboxCard
from domain.statuses import OrderStatus, Priority

Id = Annotated[str, msgspec.Meta(min_length=36, max_length=36, pattern="^[0-9a-f-]{36}$")]
# Of a command: the socket's `id` and the Idempotency-Key of HTTP are one thing (spec C6). Visible
# ASCII to the very end: a dollar alone would let a new line through.
CommandId = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[!-~]+(?![\s\S])")]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=99)]
Note = Annotated[str, msgspec.Meta(max_length=200)]
Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Version = Annotated[int, msgspec.Meta(ge=1)]
# A thousand million of the largest unit: far above any bill, far below what a bigint holds.
Amount = Annotated[int, msgspec.Meta(ge=1, le=100_000_000_000)]
# A hundred thousand of a currency with two decimals: no dish costs that, a slip of a finger does.
Price = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
# What a guest is called by, or nothing: no blanks and no new lines at its ends.
CustomerName = Annotated[str, msgspec.Meta(max_length=40, pattern=r"^(\S(.*\S)?)?(?![\s\S])")]
# Something is written, and neither blanks nor new lines stand at its ends.
_LINE = r"^\S(.*\S)?$"


class Command(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """Base of all commands."""


class ModifierChoice(Command):
    modifier_id: Id
    quantity: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1


# A minute is the least that a cook can plan with; after two hours nobody remembers.
FiresIn = Annotated[int, msgspec.Meta(ge=60, le=7_200)]


class CourseHold(Command):
    """Keep a line from the kitchen. fires_in_s: for so long; None until somebody fires it."""

    fires_in_s: FiresIn | None = None


class LineDraft(Command):
    """One wanted line. Prices are never taken from the client. hold: of staff alone."""

    menu_item_id: Id
    quantity: Quantity
    modifiers: Annotated[list[ModifierChoice], msgspec.Meta(max_length=30)] = []
    note: Note = ""
    hold: CourseHold | None = None


Lines = Annotated[list[LineDraft], msgspec.Meta(min_length=1, max_length=60)]


class Quote(Command):
    """Ask what lines would cost; changes nothing."""

    lines: Lines


class PlaceOrder(Command):
    """Submit the first round of an order.

    table_number: for staff only; a guest's table is their seating's. None is a counter sale.
    quote_hash: the quote the guest saw; a different total now is refused as `price_changed`.
    allergy: what the kitchen must not serve, in the guest's words. customer_name: what a sale at
    the counter is called by; may_show_initial: its first letter may stand on the ready board.
    """

    lines: Lines
    table_number: Annotated[int, msgspec.Meta(ge=1, le=9999)] | None = None
    note: Note = ""
    allergy: Annotated[str, msgspec.Meta(max_length=60)] = ""
    quote_hash: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    customer_name: CustomerName = ""
    may_show_initial: bool = False


class NameOrder(Command):
    """Change what a sale at the counter is called by. customer_name: "" takes it back."""

    order_id: Id
    customer_name: CustomerName
    may_show_initial: bool = False


class AddRound(Command):
    """Add lines to an order that stands; they get tickets and a timer of their own."""

    order_id: Id
    lines: Lines
    note: Note = ""
    allergy: Annotated[str, msgspec.Meta(max_length=60)] = ""
    quote_hash: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ItemUnits(Command):
    """Some or all units of a line. Fewer units than the line has split it."""

    item_id: Id
    quantity: Quantity | None = None
    expected_version: Version | None = None


Items = Annotated[list[ItemUnits], msgspec.Meta(min_length=1, max_length=60)]


class VoidItems(Command):
    """Take units off the bill and out of the kitchen. reason: may be empty in the grace time.

    consent_id: a manager's, where the kitchen has begun and whoever asks is none.
    """

    order_id: Id
    items: Items
    reason: Annotated[str, msgspec.Meta(max_length=120)] = ""
    consent_id: Id | None = None


class CancelOrder(Command):
    """Take back all that is not served; refused once something is served.

    consent_id: as of `VoidItems`.
    """

    order_id: Id
    reason: Reason
    expected_version: Version | None = None
    consent_id: Id | None = None


class ApproveRound(Command):
    """Let a round that waits for approval through to the kitchen."""

    order_id: Id
    round_number: Annotated[int, msgspec.Meta(ge=1)]


class RejectRound(Command):
    """Refuse a waiting round. reason: the guest reads it."""

    order_id: Id
    round_number: Annotated[int, msgspec.Meta(ge=1)]
    reason: Reason


class StartItems(Command):
    """Begin to make lines, or some of their units."""

    items: Items


class FinishItems(Command):
    """Say that lines are ready."""

    items: Items


class HoldItems(Command):
    """Keep lines from the kitchen that it has not begun with, or held ones for another time.

    fires_in_s: when they fire by themselves; None waits until somebody fires them.
    """

    items: Items
    fires_in_s: FiresIn | None = None


class FireItems(Command):
    """Have held lines made from now on."""

    items: Items


class RecallItems(Command):
    """Take ready or served lines back into the kitchen, at their old place."""

    items: Items


class ServeItems(Command):
    """Hand ready lines over."""

    items: Items


class HandBackItems(Command):
    """Take a hand-over back: served lines stand at the pass again, ready as they were."""

    items: Items


class ServeUnprepared(Command):
    """Hand an order over of which the kitchen has not said that all is ready.

    consent_id: a manager's, where whoever asks is none.
    """

    order_id: Id
    reason: Reason
    expected_version: Version | None = None
    consent_id: Id | None = None


class RemakeItems(Command):
    """Make served units again, free: a round of its own that fires at once."""

    items: Items
    reason: Reason


class AcknowledgeVoid(Command):
    """A cook has seen that a line was voided."""

    item_id: Id


class StartTicket(Command):
    """Begin all queued lines of a ticket."""

    ticket_id: Id
    expected_version: Version | None = None


class BumpTicket(Command):
    """Finish all live lines of a ticket."""

    ticket_id: Id
    expected_version: Version | None = None


class RecallTicket(Command):
    """Take a finished ticket of this business day back."""

    ticket_id: Id


class RushTicket(Command):
    """Have a ticket's round made before others. reason: the other stations read it."""

    ticket_id: Id
    reason: Reason


class WithdrawRush(Command):
    """Let a rushed ticket's round wait its turn again."""

    ticket_id: Id


class AcknowledgeAllergy(Command):
    """A cook has read the allergy of a ticket."""

    ticket_id: Id


class CallServer(Command):
    """A cook asks for somebody to come to the pass, about a ticket."""

    ticket_id: Id


class SetAvailability(Command):
    """Mark a menu item, or a modifier, sold out or sellable.

    left: of an item, how many units are sold before it is sold out; None counts nothing. until:
    when being sold out, or the count, ends by itself; None is until changed.
    """

    is_sold_out: bool
    menu_item_id: Id | None = None
    modifier_id: Id | None = None
    until: datetime | None = None
    left: Annotated[int, msgspec.Meta(ge=1, le=999)] | None = None


class PauseOrdering(Command):
    """Let guests order nothing of a station for a while; station_id: None is all stations.

    minutes: None is until somebody ends it. reason: for staff, never shown to guests.
    """

    reason: Reason
    station_id: Id | None = None
    minutes: Annotated[int, msgspec.Meta(ge=1, le=240)] | None = None


class ResumeOrdering(Command):
    """Let guests order what was paused again; station_id: None is all stations."""

    station_id: Id | None = None


class SetBusyLimit(Command):
    """At how much work in front guests' orders of a station are paused by itself; None: never."""

    station_id: Id
    limit_minutes: Annotated[int, msgspec.Meta(ge=1, le=240)] | None = None


class EditMenuItem(Command):
    """Change a dish for orders to come; what is None stays. Its price is the cafe's currency's.

    expected_version: the dish's, as whoever edits has seen it. is_listed: on the menu, or taken
    off it. kitchen_name: one line of a ticket on the wall.
    """

    menu_item_id: Id
    expected_version: Version | None = None
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=_LINE)] | None = None
    kitchen_name: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=18, pattern=_LINE)] | None
    ) = None
    description: Annotated[str, msgspec.Meta(max_length=400)] | None = None
    price_minor: Price | None = None
    prep_s: Annotated[int, msgspec.Meta(ge=0, le=14_400)] | None = None
    station_id: Id | None = None
    allergens: Annotated[list[Allergen], msgspec.Meta(max_length=14)] | None = None
    diets: Annotated[list[Diet], msgspec.Meta(max_length=3)] | None = None
    is_listed: bool | None = None


class EditModifier(Command):
    """Change what an option adds to the price of every dish that offers it."""

    modifier_id: Id
    price_minor: Price
    expected_version: Version | None = None


_ClockTime = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class SetOpeningTimes(Command):
    """Say when a cafe opens on each day of the week, Monday first; None: it stays closed.

    opens_at: times of its own clock, like `07:30`.
    """

    opens_at: Annotated[list[_ClockTime | None], msgspec.Meta(min_length=7, max_length=7)]


class SetGrace(Command):
    """Say how long a guest may take a round back, and whether the kitchen waits that long for it.

    Of orders to come. grace_s: seconds; 0 gives no time, and the kitchen waits for nothing.
    """

    grace_s: Annotated[int, msgspec.Meta(ge=0, le=120)]
    holds_in_grace: bool = True


class RateVisit(Command):
    """Say what a guest thought of it, once per phone. stars: 1 to 5. word: may be empty."""

    stars: Annotated[int, msgspec.Meta(ge=1, le=5)]
    word: Annotated[str, msgspec.Meta(max_length=200)] = ""


class CloseTableSession(Command):
    """Free a table; its guests lose access. Refused while an order is under way."""

    table_session_id: Id


class MoveTable(Command):
    """Let the guests of a seating sit at another, free table; their orders go with them."""

    table_session_id: Id
    table_number: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class MergeTables(Command):
    """Make one seating of two: guests and orders of the first are the second's then."""

    table_session_id: Id
    into_session_id: Id


# Phones at one table where nothing else is set: a long table with a phone each, and some who lost
# their cookie and scanned again.
LANES_PER_SEATING = 30


class OpenTableSession(Command):
    """A guest scanned a table's code."""

    table_code: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]


class OrderStatusUpdate(Command):
    """The source's own command and DTO (spec C7). `updated_by` is replaced by the identity."""

    order_id: Id
    new_status: OrderStatus
    previous_status: OrderStatus | None = None
    order_number: int | None = None
    updated_by: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    status_change_reason: Annotated[str, msgspec.Meta(max_length=120)] | None = None
    estimated_ready_time: datetime | None = None


DeviceName = Annotated[str, msgspec.Meta(max_length=60, pattern=_LINE)]
DeviceRole = Literal["kitchen", "expo", "counter", "board"]
Diagonal = Annotated[int, msgspec.Meta(ge=150, le=4000)]
Distance = Annotated[int, msgspec.Meta(ge=30, le=1000)]


class PairDevice(Command):
    """Let a screen in that shows a code. station_id: where it stands; none shows all stations.

    diagonal_mm, distance_cm: how large it is and how far away people stand, which says how large
    its letters are; without both it goes by its pixels.
    """

    user_code: Annotated[str, msgspec.Meta(min_length=8, max_length=20)]
    name: DeviceName
    role: DeviceRole
    station_id: Id | None = None
    diagonal_mm: Diagonal | None = None
    distance_cm: Distance | None = None


class UpdateDevice(Command):
    """Say what a paired screen shall be from now on; of its size what is None stays."""

    device_id: Id
    name: DeviceName
    role: DeviceRole
    station_id: Id | None = None
    diagonal_mm: Diagonal | None = None
    distance_cm: Distance | None = None


Pin = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


class SetPin(Command):
    """Choose one's own PIN in this cafe, for the screens that people share there."""

    pin: Pin


class SignInByPin(Command):
    """Say on a paired screen who is working at it now."""

    person_id: Id
    pin: Pin


class GiveConsent(Command):
    """A manager says by PIN, on the screen of whoever asks, that one act may be."""

    person_id: Id
    pin: Pin
    act: ConsentAct
    order_id: Id


class RevokeDevice(Command):
    """Take a screen's access back for good."""

    device_id: Id


class MoveStation(Command):
    """Show a station's tickets at another station, whose screens are awake."""

    station_id: Id
    to_station_id: Id


class ReturnStation(Command):
    """Show a station's tickets at its own screens alone again."""

    station_id: Id


class SetFailover(Command):
    """Where a station's tickets go by themselves; partner_id: None is nowhere.

    patience_s: how long its screens have shown nothing by then.
    """

    station_id: Id
    partner_id: Id | None = None
    # A page that is loaded again is back sooner.
    patience_s: Annotated[int, msgspec.Meta(ge=15, le=3600)] = 60


class InitiatePayment(Command):
    """Pay an amount of an order, at most what is due of it.

    tendered_minor: cash that was given; the rest is change. sandbox_card: what the sandbox does.
    """

    order_id: Id
    method: PaymentMethod
    amount_minor: Amount
    tendered_minor: Amount | None = None
    sandbox_card: SandboxCard | None = None


class ConfirmTerminalPayment(Command):
    """The card terminal said that the amount was paid."""

    payment_id: Id


class DeclineTerminalPayment(Command):
    """The card terminal refused the card."""

    payment_id: Id
    reason: Annotated[str, msgspec.Meta(max_length=120)] = ""


class CancelPayment(Command):
    """Give up a payment that nobody has begun to charge."""

    payment_id: Id


class RefundPayment(Command):
    """Give money back from one payment.

    with_credit: what is owed falls too (goodwill, a returned dish); without it the amount is due
    again (a wrong card, lines that were voided after they were paid).
    """

    payment_id: Id
    amount_minor: Amount
    reason: Reason
    with_credit: bool


# Roles of people, and the source's words for several of them (domain.roles.ROLE_ALIASES).
StaffWord = Literal[
    "kitchen", "expo", "counter", "manager", "owner", "staff", "management", "admin"
]
StaffWords = Annotated[list[StaffWord], msgspec.Meta(max_length=8)]


class SendNotice(Command):
    """Tell people of the cafe something.

    include_roles: nothing means everybody who works here; less those of exclude_roles and
    exclude_users (person ids). lasts_minutes: it is over after that.
    """

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"\S")]
    message: Annotated[str, msgspec.Meta(max_length=500)] = ""
    priority: Priority = Priority.NORMAL
    include_roles: StaffWords = []
    exclude_roles: StaffWords = []
    exclude_users: Annotated[list[Id], msgspec.Meta(max_length=100)] = []
    lasts_minutes: Annotated[int, msgspec.Meta(ge=5, le=1440)] = 480


class AcknowledgeNotification(Command):
    """Say that one has seen it; where the kind is shared, that one is on it."""

    notification_id: Id


class ResolveNotification(Command):
    """Say that it is dealt with, or take a notice back."""

    notification_id: Id


class CallStaff(Command):
    """A guest asks for somebody to come to their table."""


class CancelCall(Command):
    """A guest needs nobody any more."""
