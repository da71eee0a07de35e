"""Builds a whole TableTap and runs it: `build` (no network, no loop state), `Product.start`
(threads, socket plane, jobs, listening), `Product.stop` (drain, then the same in reverse).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import peewee
from tornado.httpserver import HTTPServer

from composition.database_watch import DatabaseWatch
from composition.identifiers import new_id, new_table_code, now
from composition.key_watch import KeyWatch
from composition.life_watch import LifeWatch
from composition.ports import ServicePorts, build_ports
from composition.refusals import RefusalAudit
from composition.shared import Shared
from composition.storage import open_product_database
from composition.wakeups import Wakeups
from config.logging import get_logger
from config.secrets import load_secrets
from config.settings import Settings
from config.version import VERSION
from domain.errors import TableTapError
from domain.events import LoggedEvent
from domain.payments import PaymentMethod
from domain.rooms import RoomKind
from gateways.sandbox import Sandbox
from handlers.application import build_application
from handlers.assets import Assets
from handlers.context import HandlerContext
from handlers.health import ReadinessCheck
from handlers.metrics import Metrics
from handlers.security import CookieNames, TrustedProxies
from handlers.sockets.endpoint import SocketDependencies
from handlers.sockets.routes import SocketRoutes, build_socket_routes
from handlers.templating import Templates
from jobs.analytics import AnalyticsTicker, build_analytics_job
from jobs.audit import AuditSeals, build_seal_job
from jobs.availability import build_availability_job
from jobs.day_end import build_day_end_job
from jobs.holds import build_hold_job
from jobs.housekeeping import build_housekeeping_job
from jobs.notifications import build_notification_job
from jobs.pauses import build_pause_job
from jobs.payments import build_payment_job
from jobs.queue_positions import QueuePositions, build_queue_job
from jobs.receipts import ReceiptWatch, build_receipt_job
from jobs.scheduler import Scheduler
from jobs.screens import ScreenWatch, build_screen_job
from jobs.station_screens import StationScreensTicker, build_station_screens_job
from jobs.waits import Waits, build_waits_job
from models.database import close_database, count_connections, is_sqlite
from realtime.asyncapi import build_asyncapi
from realtime.ephemera import (
    announce_analytics,
    announce_queue_place,
    announce_station_screens,
    announce_waits,
)
from realtime.follower import Follower
from realtime.lag import LagWatch
from realtime.limits import Limits
from realtime.plane import Plane
from realtime.suspicion import Suspicions
from services.audit_chain import Sealer
from services.authentication import Authentication
from services.first_run import FirstRun
from services.joining import Joining
from services.passwords import Passwords
from services.pins import PinAccess
from services.runner import Runner
from services.screen_access import ScreenAccess
from services.screens import NoteScreens
from services.tokens import TokenSigner

_ROOT = Path(__file__).parents[1]
# A body that is still arriving after this is not coming: half requests must not pile up.
_BODY_TIMEOUT_S = 20.0
_IDLE_CONNECTION_TIMEOUT_S = 75.0
# What has nothing to wait for ends within this, also when time is up.
_LEAST_WAIT_S = 0.2

log = get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Product:
    """A whole TableTap, built and ready to start."""

    settings: Settings
    database: peewee.Database
    runner: Runner
    passwords: Passwords
    key_watch: KeyWatch
    first_run: FirstRun
    seals: AuditSeals
    shared: Shared
    plane: Plane
    follower: Follower | None
    lag_watch: LagWatch
    database_watch: DatabaseWatch
    socket_routes: SocketRoutes
    scheduler: Scheduler
    metrics: Metrics
    server: HTTPServer
    _loop_watch: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self, sockets: Sequence[Any]) -> None:
        """Begin to serve on bound sockets. Call it inside the running loop."""
        self.runner.start()
        self.key_watch.start()
        self.shared.start()
        self.plane.start()
        if self.follower is not None:
            self.follower.start()
        self.lag_watch.start()
        self.database_watch.start()
        self.scheduler.start()
        self._loop_watch = asyncio.create_task(self.metrics.watch_loop(), name="loop watch")
        self.server.add_sockets(sockets)
        log.info("started", url=self.settings.public_url, mode=self.settings.mode)

    async def stop(self) -> None:
        """Stop accepting, tell every socket to come back, finish what is under way, end."""
        log.info("stopping")
        self.server.stop()
        # One deadline for all that may have to be waited for.
        ends_at_s = asyncio.get_running_loop().time() + self.settings.drain_timeout_s
        await _until(ends_at_s, self.plane.drain(), "sockets")
        await self.scheduler.stop()
        await _until(ends_at_s, _seal_last(self.seals), "seals")
        await _until(ends_at_s, self.runner.drain(), "operations")
        await self.database_watch.stop()
        await self.lag_watch.stop()
        if self.follower is not None:
            await self.follower.stop()
        await self.plane.stop()
        await self.shared.stop()
        await self.key_watch.stop()
        self.socket_routes.stop()
        await _until(ends_at_s, self.server.close_all_connections(), "requests")
        if self._loop_watch is not None:
            self._loop_watch.cancel()
        await self.runner.close()
        self.passwords.close()
        close_database(self.database)
        log.info("stopped")


def build(settings: Settings, *, before_commit: Callable[[], None] = lambda: None) -> Product:
    """Put the product together, inside the running loop.

    settings: with the port that is really listened on. before_commit: runs in the writer's thread
    before every COMMIT; proofs about slow disks block there.
    """
    database = open_product_database(settings)
    metrics = Metrics()
    wakeups = Wakeups()
    shared = Shared(
        settings,
        metrics=metrics,
        steady_ms=_read_steady_ms,
        on_hint=wakeups.on_hint,
        on_gap=wakeups.on_gap,
    )
    # The plane is made after the runner that feeds it; nothing commits before both are there.
    plane: Plane

    def on_committed(events: Sequence[LoggedEvent]) -> None:
        plane.on_committed(events)
        shared.tell_committed(events)

    def on_access_changed(cafe_id: str) -> None:
        plane.access_watch.look_now()
        shared.tell_access_changed(cafe_id)

    runner = Runner(
        database,
        settings,
        clock=now,
        new_id=new_id,
        on_committed=on_committed,
        metrics=metrics,
        before_commit=before_commit,
    )
    passwords = Passwords()
    secrets = load_secrets(settings.data_dir, now=now())
    first_run = FirstRun(
        secrets=secrets, runner=runner, passwords=passwords, new_code=new_table_code
    )
    signer = TokenSigner(secrets)
    authentication = Authentication(
        runner=runner,
        signer=signer,
        secrets=secrets,
        settings=settings,
        passwords=passwords,
        now=now,
        new_id=new_id,
        on_access_changed=on_access_changed,
        on_token_revoked=shared.mirror_revocation,
    )
    report = RefusalAudit(runner)
    limits = Limits(
        shared.windows,
        new_id=new_id,
        report=report,
        metrics=metrics,
        factor=settings.rate_limit_factor,
    )
    suspicions = Suspicions(shared.windows, new_id=new_id, report=report, metrics=metrics)
    assets = Assets(_ROOT / "static")
    templates = Templates(folder=_ROOT / "templates", assets=assets, now=now, new_id=new_id)
    services = ServicePorts(runner, authentication=authentication, templates=templates)
    plane = Plane(
        settings,
        build_ports(
            services,
            shared=shared,
            limits=limits,
            suspicions=suspicions,
            report=report,
            metrics=metrics,
        ),
    )
    follower = None
    if not is_sqlite(database):  # there nobody else commits
        follower = Follower(
            plane.tail,
            read_heads=services.read_heads,
            is_live=lambda: shared.broker.is_live,
            on_ignored=lambda: metrics.hint_passed("unneeded"),
        )
    lag_watch = LagWatch(
        plane.tail, read_heads=services.read_heads, read_log=services.read_log, now=now
    )
    database_check = _build_database_check(runner)
    database_watch = DatabaseWatch(
        database_check.check
        if follower is None
        else LifeWatch(runner, on_renewed=follower.look_now).look
    )
    ticker = AnalyticsTicker(
        runner,
        list_listened=lambda: plane.list_cafes_with_listeners(RoomKind.MANAGEMENT),
        push=lambda cafe_id, view: plane.push(announce_analytics(cafe_id, view, event_id=new_id())),
        on_kept=shared.tell_figures_kept,
        now=now,
    )
    wakeups.connect(plane=plane, follower=follower, ticker=ticker)
    proxies = TrustedProxies(settings.trusted_proxies)
    cookies = CookieNames(is_secure=settings.is_secure)
    context = HandlerContext(
        settings=settings,
        runner=runner,
        limits=limits,
        suspicions=suspicions,
        presence=shared.presence,
        on_access_changed=on_access_changed,
        authentication=authentication,
        first_run=first_run,
        joining=Joining(runner=runner, passwords=passwords, authentication=authentication, now=now),
        pins=PinAccess(
            runner, authentication=authentication, passwords=passwords, derive=secrets.derive
        ),
        screen_access=ScreenAccess(runner, derive=secrets.derive, now=now),
        templates=templates,
        assets=assets,
        metrics=metrics,
        cookies=cookies,
        proxies=proxies,
        now=now,
        new_id=new_id,
        build_asyncapi=lambda: build_asyncapi(public_url=settings.public_url, version=VERSION),
        readiness_checks=(database_check, *shared.list_readiness_checks()),
    )
    seals = AuditSeals(runner, Sealer(secrets.derive))
    _show_plane(metrics, plane)
    _show_lag(metrics, lag_watch)
    _show_database(metrics, runner=runner, database=database, watch=database_watch)
    shared.show_in(metrics)
    socket_routes = build_socket_routes(
        SocketDependencies(
            plane=plane,
            read_address=proxies.find_client_address,
            identity_cookies=(cookies.sign_in, cookies.guest, cookies.device),
        ),
        settings,
    )
    return Product(
        settings=settings,
        database=database,
        runner=runner,
        passwords=passwords,
        key_watch=KeyWatch(settings.data_dir, known=secrets, now=now, on_changed=signer.use),
        first_run=first_run,
        seals=seals,
        shared=shared,
        plane=plane,
        follower=follower,
        lag_watch=lag_watch,
        database_watch=database_watch,
        socket_routes=socket_routes,
        scheduler=Scheduler(
            [
                build_hold_job(runner, now=now),
                build_day_end_job(runner, now=now),
                build_availability_job(runner, now=now),
                build_payment_job(
                    runner, {PaymentMethod.SANDBOX: Sandbox(settings.data_dir)}, now=now
                ),
                build_analytics_job(ticker),
                build_notification_job(runner, now=now),
                build_queue_job(_build_queue_positions(runner, plane)),
                build_waits_job(_build_waits(runner, plane)),
                build_pause_job(runner, now=now),
                build_screen_job(_build_screen_watch(runner, plane)),
                build_station_screens_job(_build_station_screens_ticker(runner, plane)),
                build_seal_job(seals),
                build_receipt_job(
                    ReceiptWatch(runner, take_receipts=plane.screens.take_receipts, now=now)
                ),
                build_housekeeping_job(runner, answers_kept_s=settings.command_memory_s),
            ]
        ),
        metrics=metrics,
        server=HTTPServer(
            build_application(context, socket_routes=socket_routes.handlers),
            body_timeout=_BODY_TIMEOUT_S,
            idle_connection_timeout=_IDLE_CONNECTION_TIMEOUT_S,
        ),
    )


async def _seal_last(seals: AuditSeals) -> None:
    try:
        await seals.seal()
    except TableTapError as error:  # the next server's first minute will do
        log.info("audit_not_sealed", code=error.code)


def _read_steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _build_queue_positions(runner: Runner, plane: Plane) -> QueuePositions:
    def count_listeners() -> dict[str, dict[str, int]]:
        listeners: dict[str, dict[str, int]] = {}
        for room, count in plane.count_listeners(RoomKind.ORDER).items():
            listeners.setdefault(room.cafe_id, {})[room.key] = count
        return listeners

    return QueuePositions(
        runner,
        count_listeners=count_listeners,
        read_seq=partial(_read_seq, plane),
        push=lambda cafe_id, place: plane.push(
            announce_queue_place(cafe_id, place, event_id=new_id())
        ),
        now=now,
    )


def _build_waits(runner: Runner, plane: Plane) -> Waits:
    def count_listeners() -> dict[str, int]:
        counted = plane.count_listeners(RoomKind.CUSTOMERS)
        return {room.cafe_id: count for room, count in counted.items()}

    return Waits(
        runner,
        count_listeners=count_listeners,
        read_seq=partial(_read_seq, plane),
        push=lambda cafe_id, view: plane.push(announce_waits(cafe_id, view, event_id=new_id())),
        now=now,
    )


def _read_seq(plane: Plane, cafe_id: str) -> int:
    stream = plane.tail.find(cafe_id)
    return 0 if stream is None else stream.seq


def _build_screen_watch(runner: Runner, plane: Plane) -> ScreenWatch:
    screens = plane.screens

    def take_heard() -> NoteScreens:
        now_s = asyncio.get_running_loop().time()
        return NoteScreens(
            seen=screens.list_seen(now_s=now_s),
            left=screens.take_left(),
            screens=screens.list_screens(now_s=now_s),
            left_screens=screens.take_left_screens(),
        )

    return ScreenWatch(
        runner,
        take_heard=take_heard,
        now=now,
    )


def _build_station_screens_ticker(runner: Runner, plane: Plane) -> StationScreensTicker:
    def count_listeners() -> dict[str, int]:
        listeners = plane.count_listeners(RoomKind.STAFF)
        return {room.cafe_id: count for room, count in listeners.items()}

    return StationScreensTicker(
        runner,
        count_listeners=count_listeners,
        push=lambda cafe_id, view: plane.push(
            announce_station_screens(cafe_id, view, event_id=new_id())
        ),
        now=now,
    )


def _build_database_check(runner: Runner) -> ReadinessCheck:
    async def reach_database() -> None:
        await runner.read(lambda: None)

    return ReadinessCheck(name="database", check=reach_database)


def _show_plane(metrics: Metrics, plane: Plane) -> None:
    metrics.add_gauge("rooms", "Rooms with somebody in them.", lambda: plane.count().rooms)
    metrics.add_gauge(
        "outbox_bytes", "Bytes that wait for slow readers.", lambda: plane.count().outbox_bytes
    )
    metrics.add_gauge(
        "largest_outbox_bytes",
        "Bytes that wait for the slowest reader.",
        lambda: plane.count().largest_outbox_bytes,
    )
    metrics.add_gauge(
        "greeting_connections",
        "Open sockets on which nobody has authenticated.",
        lambda: plane.count().greeting,
    )


def _show_lag(metrics: Metrics, watch: LagWatch) -> None:
    metrics.add_gauge(
        "lag_events",
        "Events that are committed and not yet sent, of the cafe that has most.",
        lambda: watch.find_worst().events,
    )
    metrics.add_gauge(
        "lag_seconds",
        "Since the oldest event happened that was not yet sent.",
        lambda: watch.find_worst().oldest_s,
    )
    metrics.add_family(
        "cafe_lag_events",
        "The same of each cafe that is listened to here: the twenty furthest behind.",
        "cafe",
        lambda: {cafe_id: lag.events for cafe_id, lag in watch.list_by_cafe().items()},
    )
    metrics.add_family(
        "cafe_lag_seconds",
        "The same of each cafe that is listened to here: the twenty furthest behind.",
        "cafe",
        lambda: {cafe_id: lag.oldest_s for cafe_id, lag in watch.list_by_cafe().items()},
    )


def _show_database(
    metrics: Metrics, *, runner: Runner, database: peewee.Database, watch: DatabaseWatch
) -> None:
    metrics.add_gauge("database_up", "Whether the database answers.", lambda: float(watch.is_up))
    metrics.add_gauge("write_queue_depth", "Writes that wait.", lambda: runner.queue_depth)
    metrics.add_gauge("read_queue_depth", "Queries that wait.", lambda: runner.read_queue_depth)
    metrics.add_family(
        "database_connections",
        "Connections of the pool; none on SQLite, which has no pool.",
        "state",
        lambda: count_connections(database),
    )


async def _until(ends_at_s: float, work: Awaitable[object], what: str) -> None:
    """Wait for work until a time of the loop's clock, and a moment when that is over."""
    left_s = ends_at_s - asyncio.get_running_loop().time()
    try:
        await asyncio.wait_for(work, max(_LEAST_WAIT_S, left_s))
    except TimeoutError:
        log.warning("stop_cut_short", waited_for=what)
