"""Every address of TableTap but the sockets': pages, API, documents, probes, static files."""

import re
from typing import Any

from tornado.routing import URLSpec

from handlers.api.documents import AsyncApiHandler, OpenApiHandler, ReferencePage
from handlers.api.handler import ApiHandler
from handlers.api.table import list_paths
from handlers.assets import URL_PREFIX, StaticFiles
from handlers.base import BaseHandler
from handlers.context import HandlerContext
from handlers.pages.admin import AdminPage
from handlers.pages.admin_audit import AuditExportPage, AuditListPage
from handlers.pages.admin_menu import (
    AvailabilityPage,
    EditItemPage,
    EditOptionsPage,
    GracePage,
    ListingPage,
    MenuPage,
)
from handlers.pages.admin_money import MoneyPage
from handlers.pages.admin_notices import EndNoticePage, NoticesPage
from handlers.pages.admin_people import (
    EndShiftPage,
    PeoplePage,
    RevokeEverybodyPage,
    RevokePersonPage,
)
from handlers.pages.admin_person import (
    ChangeRolesPage,
    EndSignInOfPage,
    InvitePage,
    PersonPage,
    WithdrawPage,
)
from handlers.pages.admin_photo import PhotoPage, RemovePhotoPage
from handlers.pages.admin_replay import ReplayMomentPart, ReplayPage
from handlers.pages.admin_screens import (
    BusyLimitPage,
    ChangeScreenPage,
    FailoverPage,
    OpeningTimesPage,
    PairScreenPage,
    ScreensPage,
    UnpairScreenPage,
)
from handlers.pages.board import BoardPage
from handlers.pages.counter import CounterPage, TablesPage
from handlers.pages.expo import ExpoPage
from handlers.pages.guest_call import CallPage, CancelCallPage
from handlers.pages.guest_cart import CartLinesPage, GuestCartPage, SendCartPage
from handlers.pages.guest_menu import GuestItemPage, GuestMenuPage
from handlers.pages.guest_pay import GuestPayPage
from handlers.pages.guest_progress import GuestProgressPage, UndoRoundPage
from handlers.pages.guest_rating import RatingPage
from handlers.pages.join import JoinPage
from handlers.pages.kitchen import (
    FinishedTicketsPart,
    KitchenPage,
    SoldOutChoicePart,
    SoldOutPart,
)
from handlers.pages.language import LanguagePage
from handlers.pages.pair import PairPage, PairStatePage
from handlers.pages.pause import PausePart
from handlers.pages.pay import PayPage
from handlers.pages.photo import PhotoFile
from handlers.pages.pin import ConsentPage, OwnPinPage, PinPage
from handlers.pages.set_up import SetUpPage
from handlers.pages.shift import ShiftPage
from handlers.pages.sign_in import CafesPage, SignInPage, SignOutPage
from handlers.pages.sign_ins import EndOtherSignInsPage, EndSignInPage, SignInsPage
from handlers.pages.station_choice import StartPage, StationChoicePage
from handlers.pages.styleguide import StyleguidePage
from handlers.pages.table import TablePage
from handlers.probes import HealthHandler, MetricsHandler, ReadinessHandler

_ID = "[0-9a-f-]{36}"

# Address (a regular expression with named groups) -> who answers it. Templates take theirs from
# templates/paths.html.
PAGES: dict[str, type[BaseHandler]] = {
    r"/": StartPage,
    r"/set-up/(?P<code>[A-Za-z0-9_-]{43})": SetUpPage,
    r"/sign-in": SignInPage,
    r"/sign-out": SignOutPage,
    r"/join/(?P<code>[A-Za-z0-9_-]{43})": JoinPage,
    r"/sign-ins": SignInsPage,
    r"/sign-ins/end-others": EndOtherSignInsPage,
    rf"/sign-ins/(?P<sign_in_id>{_ID})/end": EndSignInPage,
    r"/cafes": CafesPage,
    r"/displays": StationChoicePage,
    r"/kitchen": KitchenPage,
    r"/kitchen/(?P<slug>[a-z0-9-]{1,60})": KitchenPage,
    r"/kitchen/parts/finished": FinishedTicketsPart,
    r"/parts/pause": PausePart,
    r"/kitchen/parts/sold-out": SoldOutPart,
    rf"/kitchen/parts/sold-out/(?P<kind>item|option)/(?P<thing_id>{_ID})": SoldOutChoicePart,
    r"/counter": CounterPage,
    rf"/counter/orders/(?P<order_id>{_ID})/pay": PayPage,
    r"/expo": ExpoPage,
    r"/tables": TablesPage,
    r"/board": BoardPage,
    r"/admin/notices": NoticesPage,
    rf"/admin/notices/(?P<notification_id>{_ID})/end": EndNoticePage,
    r"/admin": AdminPage,
    r"/admin/audit": AuditListPage,
    r"/admin/audit/export.csv": AuditExportPage,
    r"/admin/menu": MenuPage,
    r"/admin/grace": GracePage,
    rf"/admin/menu/(?P<menu_item_id>{_ID})": EditItemPage,
    rf"/admin/menu/(?P<menu_item_id>{_ID})/options": EditOptionsPage,
    rf"/admin/menu/(?P<menu_item_id>{_ID})/availability": AvailabilityPage,
    rf"/admin/menu/(?P<menu_item_id>{_ID})/listing": ListingPage,
    rf"/admin/menu/(?P<menu_item_id>{_ID})/photo": PhotoPage,
    rf"/admin/menu/(?P<menu_item_id>{_ID})/photo/remove": RemovePhotoPage,
    r"/admin/money": MoneyPage,
    r"/admin/people": PeoplePage,
    r"/admin/people/invite": InvitePage,
    rf"/admin/people/invitations/(?P<invitation_id>{_ID})/withdraw": WithdrawPage,
    rf"/admin/people/(?P<person_id>{_ID})": PersonPage,
    rf"/admin/people/(?P<person_id>{_ID})/roles": ChangeRolesPage,
    rf"/admin/people/(?P<person_id>{_ID})/sign-ins/(?P<sign_in_id>{_ID})/end": EndSignInOfPage,
    rf"/admin/people/shifts/(?P<shift_id>{_ID})/end": EndShiftPage,
    r"/admin/people/revoke": RevokeEverybodyPage,
    rf"/admin/people/(?P<person_id>{_ID})/revoke": RevokePersonPage,
    r"/admin/replay": ReplayPage,
    r"/admin/replay/moment": ReplayMomentPart,
    r"/admin/screens": ScreensPage,
    r"/admin/screens/pair": PairScreenPage,
    r"/admin/screens/opening": OpeningTimesPage,
    rf"/admin/screens/stations/(?P<station_id>{_ID})": FailoverPage,
    rf"/admin/screens/stations/(?P<station_id>{_ID})/busy": BusyLimitPage,
    rf"/admin/screens/(?P<device_id>{_ID})": ChangeScreenPage,
    rf"/admin/screens/(?P<device_id>{_ID})/unpair": UnpairScreenPage,
    r"/pair": PairPage,
    r"/shift": ShiftPage,
    r"/pin": PinPage,
    r"/pin/consent": ConsentPage,
    r"/sign-ins/pin": OwnPinPage,
    r"/pair/state": PairStatePage,
    r"/t/(?P<code>[A-Za-z0-9_-]{8,64})": TablePage,
    r"/menu": GuestMenuPage,
    rf"/menu/(?P<menu_item_id>{_ID})": GuestItemPage,
    rf"/photos/(?P<cafe_id>{_ID})/(?P<photo_id>{_ID})/(?P<size>small|large)\.webp": PhotoFile,
    r"/cart": GuestCartPage,
    r"/cart/lines": CartLinesPage,
    r"/cart/lines/(?P<line_id>[0-9]{1,7})": CartLinesPage,
    r"/cart/send": SendCartPage,
    r"/orders": GuestProgressPage,
    r"/call": CallPage,
    r"/call/cancel": CancelCallPage,
    r"/rating": RatingPage,
    r"/language": LanguagePage,
    rf"/orders/(?P<order_id>{_ID})/rounds/(?P<round_number>[0-9]{{1,4}})/undo": UndoRoundPage,
    rf"/orders/(?P<order_id>{_ID})/pay": GuestPayPage,
    r"/styleguide": StyleguidePage,
    r"/api/docs": ReferencePage,
    r"/api/openapi.json": OpenApiHandler,
    r"/api/asyncapi.json": AsyncApiHandler,
    r"/healthz": HealthHandler,
    r"/readyz": ReadinessHandler,
    r"/metrics": MetricsHandler,
}


def build_routes(context: HandlerContext) -> list[URLSpec]:
    """Make Tornado's rules; a readable pattern stands in for the address in logs and metrics."""
    rules = [
        URLSpec(pattern, handler, {"context": context, "route": name_route(pattern)})
        for pattern, handler in PAGES.items()
    ]
    for pattern, routes in list_paths().items():
        arguments: dict[str, Any] = {
            "context": context,
            "route": name_route(pattern),
            "routes": routes,
        }
        rules.append(URLSpec(pattern, ApiHandler, arguments))
    rules.append(URLSpec(rf"{URL_PREFIX}(.+)", StaticFiles, {"assets": context.assets}))
    return rules


def name_route(pattern: str) -> str:
    """Write a pattern for people: `/t/{code}`."""
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)
