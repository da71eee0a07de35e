"""All tables, in the order in which they can be created."""

from peewee import Model

from models.access import AccessCount
from models.analytics import AnalyticsRow, JobLease
from models.audit import AuditEntry, AuditHead, AuditSeal
from models.database_life import DatabaseLife
from models.devices import DeviceCredential, Pairing
from models.event_log import EventRow
from models.idempotency import CommandAnswer
from models.menu import (
    MenuCategory,
    MenuItem,
    MenuItemModifierGroup,
    MenuPhoto,
    Modifier,
    ModifierGroup,
    TaxCode,
)
from models.notifications import NotificationRow, Screen
from models.orders import (
    Order,
    OrderContact,
    OrderItem,
    OrderItemModifier,
    OrderNumberCounter,
    Round,
    RoundHold,
    Ticket,
)
from models.pauses import StationPause
from models.payments import (
    CafePaymentRules,
    OrderClaim,
    Payment,
    ProviderEvent,
    Refund,
    UnsettledOrder,
)
from models.screens import StationFailover, StationScreen, TicketReceipt
from models.staff import (
    ConsentRow,
    Invitation,
    Membership,
    Person,
    PersonalData,
    PersonPin,
    PinFailure,
    RefreshToken,
    RevokedToken,
    Shift,
    SignIn,
    UsedTicket,
)
from models.tables import Lane, Rating, TableSession
from models.tenancy import Cafe, CafeHead, CafeTable, Device, Station

TABLES: tuple[type[Model], ...] = (
    Cafe,
    CafeHead,
    Station,
    CafeTable,
    Device,
    Pairing,
    DeviceCredential,
    PersonalData,
    Person,
    Membership,
    Invitation,
    PersonPin,
    PinFailure,
    ConsentRow,
    Shift,
    SignIn,
    RefreshToken,
    RevokedToken,
    UsedTicket,
    AccessCount,
    TaxCode,
    MenuCategory,
    MenuItem,
    MenuPhoto,
    ModifierGroup,
    MenuItemModifierGroup,
    Modifier,
    TableSession,
    Lane,
    Rating,
    OrderNumberCounter,
    Order,
    OrderContact,
    Round,
    RoundHold,
    Ticket,
    OrderItem,
    OrderItemModifier,
    CafePaymentRules,
    OrderClaim,
    UnsettledOrder,
    Payment,
    Refund,
    ProviderEvent,
    NotificationRow,
    Screen,
    StationScreen,
    StationFailover,
    StationPause,
    TicketReceipt,
    JobLease,
    AnalyticsRow,
    EventRow,
    CommandAnswer,
    AuditEntry,
    AuditHead,
    AuditSeal,
    DatabaseLife,
)

# Rows of people belong to no single cafe, and a screen that waits to be paired to none yet: the
# table named here leads from them to cafes.
SHARED_TABLES: dict[type[Model], type[Model]] = {
    Person: Membership,
    PersonalData: Person,
    Pairing: Device,
}
# About the database itself: nothing of any cafe may ever stand here.
INSTALLATION_TABLES: frozenset[type[Model]] = frozenset({DatabaseLife})
