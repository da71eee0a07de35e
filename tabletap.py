"""TableTap's composition root and command line: builds everything, starts it and stops it.

The only module that knows all layers; nobody imports it but tests that need a whole product.
`python tabletap.py --help` lists the commands. Order of a life: `build` (no network, no loop
state), `Product.start` (threads, socket plane, jobs, listening), `Product.stop` (drain, then the
same in reverse).
"""

import argparse
import asyncio
import fcntl
import getpass
import importlib.util
import os
import secrets as random_source
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import peewee
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from config.logging import configure_logging, get_logger
from config.secrets import load_secrets
from config.settings import Settings, SettingsError, load_settings
from config.version import VERSION
from demo.cafe import CAFE
from demo.pace import PACES
from demo.traffic import Traffic
from domain.commands import Command
from domain.demo import DemoDescription
from domain.drafts import OwnerDraft
from domain.errors import TableTapError
from domain.identifiers import build_uuid7
from domain.roles import Identity
from domain.rooms import Room
from handlers.application import build_application
from handlers.assets import Assets
from handlers.context import HandlerContext
from handlers.health import ReadinessCheck
from handlers.metrics import Metrics
from handlers.security import CookieNames, TrustedProxies
from handlers.sockets.endpoint import SocketDependencies
from handlers.sockets.routes import SocketRoutes, build_socket_routes
from handlers.templating import Templates
from jobs.holds import build_hold_job
from jobs.housekeeping import build_housekeeping_job
from jobs.scheduler import Scheduler
from models.base import bind
from models.database import (
    STORAGE_ERRORS,
    close_database,
    is_sqlite,
    open_database,
    sqlite_path,
)
from models.migrations import SchemaTooNew, migrate, pending
from realtime.asyncapi import build_asyncapi
from realtime.plane import Plane, PlanePorts
from realtime.ports import Admission, CommandOutcome, LogHead, TokenSource
from services.authentication import Authentication
from services.cafes import read_cafe
from services.demo import DemoPaths, describe_demo, prepare_demo
from services.event_log import read_events, read_head
from services.operations import OPERATIONS
from services.passwords import Passwords, hash_password
from services.rooms import check_rooms
from services.runner import Runner
from services.setup import SetupContext, create_owner
from services.tokens import TokenSigner

ROOT = Path(__file__).parent
# A body that is still arriving after this is not coming: half requests must not pile up.
_BODY_TIMEOUT_S = 20.0
_IDLE_CONNECTION_TIMEOUT_S = 75.0
# 128 bits and more, in URL-safe text: what a table's QR code carries.
_TABLE_CODE_BYTES = 18
DEMO_PATHS = DemoPaths(
    table="/t/{}", station="/kitchen/{}", counter="/counter", board="/board", sign_in="/sign-in"
)
EXIT_MISCONFIGURED = 2
_SHORTEST_PASSWORD = 10

log = get_logger("tabletap")


class StartRefused(Exception):
    """The process cannot run as it was asked to; the message says what to do."""


def now() -> datetime:
    """The product's clock."""
    return datetime.now(UTC)


def new_id() -> str:
    """The product's identifiers."""
    return build_uuid7(unix_ms=time.time_ns() // 1_000_000, random_bits=random_source.randbits(80))


def new_table_code() -> str:
    """An unguessable code for a table's QR."""
    return random_source.token_urlsafe(_TABLE_CODE_BYTES)


@dataclass(slots=True, kw_only=True)
class Product:
    """A whole TableTap, built and ready to start."""

    settings: Settings
    database: peewee.Database
    runner: Runner
    passwords: Passwords
    plane: Plane
    socket_routes: SocketRoutes
    scheduler: Scheduler
    metrics: Metrics
    server: HTTPServer
    _loop_watch: asyncio.Task[None] | None = field(default=None, init=False)

    def start(self, sockets: Sequence[Any]) -> None:
        """Begin to serve on bound sockets. Call it inside the running loop."""
        self.runner.start()
        self.plane.start()
        self.scheduler.start()
        self._loop_watch = asyncio.create_task(self.metrics.watch_loop(), name="loop watch")
        self.server.add_sockets(sockets)
        log.info("started", url=self.settings.public_url, mode=self.settings.mode)

    async def stop(self) -> None:
        """Stop accepting, tell every socket to come back, finish what is under way, end."""
        log.info("stopping")
        self.server.stop()
        self.plane.drain()
        await _within(self.settings.drain_timeout_s, self.runner.drain(), "operations")
        await self.scheduler.stop()
        await self.plane.stop()
        self.socket_routes.stop()
        await _within(
            self.settings.drain_timeout_s, self.server.close_all_connections(), "requests"
        )
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
    # The plane is made after the runner that feeds it; nothing commits before both are there.
    plane: Plane

    runner = Runner(
        database,
        settings,
        clock=now,
        new_id=new_id,
        on_committed=lambda events: plane.on_committed(events),
        metrics=metrics,
        before_commit=before_commit,
    )
    passwords = Passwords()
    authentication = Authentication(
        runner=runner,
        signer=TokenSigner(load_secrets(settings.data_dir, now=now())),
        settings=settings,
        passwords=passwords,
        now=now,
        new_id=new_id,
    )
    assets = Assets(ROOT / "static")
    templates = Templates(folder=ROOT / "templates", assets=assets, now=now, new_id=new_id)
    plane = Plane(
        settings,
        build_ports(
            runner=runner, authentication=authentication, templates=templates, metrics=metrics
        ),
    )
    proxies = TrustedProxies(settings.trusted_proxies)
    cookies = CookieNames(is_secure=settings.is_secure)
    context = HandlerContext(
        settings=settings,
        runner=runner,
        authentication=authentication,
        templates=templates,
        assets=assets,
        metrics=metrics,
        cookies=cookies,
        proxies=proxies,
        now=now,
        new_id=new_id,
        build_asyncapi=lambda: build_asyncapi(public_url=settings.public_url, version=VERSION),
        readiness_checks=_build_readiness_checks(runner),
    )
    _show_plane(metrics, plane)
    socket_routes = build_socket_routes(
        SocketDependencies(
            plane=plane,
            read_address=proxies.find_client_address,
            identity_cookies=(cookies.sign_in, cookies.guest),
        ),
        settings,
    )
    application = build_application(context, socket_routes=socket_routes.handlers)
    return Product(
        settings=settings,
        database=database,
        runner=runner,
        passwords=passwords,
        plane=plane,
        socket_routes=socket_routes,
        scheduler=Scheduler(
            [
                build_hold_job(runner),
                build_housekeeping_job(runner, answers_kept_s=settings.command_memory_s),
            ]
        ),
        metrics=metrics,
        server=HTTPServer(
            application,
            body_timeout=_BODY_TIMEOUT_S,
            idle_connection_timeout=_IDLE_CONNECTION_TIMEOUT_S,
        ),
    )


def build_ports(
    *, runner: Runner, authentication: Authentication, templates: Templates, metrics: Metrics
) -> PlanePorts:
    """Say to the socket plane, in its words, what services can do."""
    # Rendering has no time to ask the database; who attaches has. A cafe's zone never changes
    # while it serves: the set-up alone writes it.
    zones: dict[str, str] = {}

    async def authenticate(token: str, source: TokenSource) -> Admission:
        recognised = await authentication.authenticate_socket(
            token, namespace=source.namespace, is_query=source.is_query
        )
        cafe_id = recognised.identity.cafe_id
        if cafe_id not in zones:
            zones[cafe_id] = (await runner.read(read_cafe, cafe_id)).timezone
        return Admission(identity=recognised.identity, expires_at=recognised.expires_at)

    def render(component: str, view: Any, *, locale: str, cafe_id: str) -> str:
        return templates.render_fragment(component, view, locale, zones[cafe_id])

    async def admit_to_rooms(identity: Identity, rooms: Sequence[Room]) -> Sequence[Room]:
        return await runner.read(check_rooms, identity, rooms)

    async def run_command(
        identity: Identity, name: str, command: Command, *, command_id: str
    ) -> CommandOutcome:
        operation = OPERATIONS[name]
        if operation.is_query:
            outcome = await runner.ask(operation.function, command, identity=identity)
        else:
            outcome = await runner.write(
                operation.function,
                command,
                command_type=name,
                identity=identity,
                command_id=command_id,
            )
        return CommandOutcome(data=msgspec.Raw(outcome.body), seq=outcome.seq or None)

    async def read_log_head(cafe_id: str) -> LogHead:
        head = await runner.read(read_head, cafe_id)
        return LogHead(epoch=head.epoch, seq=head.seq, event_id=head.event_id)

    async def read_log(cafe_id: str, *, after_seq: int, limit: int) -> Any:
        return await runner.read(read_events, cafe_id, after_seq=after_seq, limit=limit)

    return PlanePorts(
        authenticate=authenticate,
        check_rooms=admit_to_rooms,
        run_command=run_command,
        read_head=read_log_head,
        read_log=read_log,
        render=render,
        now=now,
        new_id=new_id,
        boot=new_id(),
        metrics=metrics,
    )


def _build_readiness_checks(runner: Runner) -> tuple[ReadinessCheck, ...]:
    async def reach_database() -> None:
        await runner.read(lambda: None)

    return (ReadinessCheck(name="database", check=reach_database),)


def _show_plane(metrics: Metrics, plane: Plane) -> None:
    metrics.add_gauge("rooms", "Rooms with somebody in them.", lambda: plane.count().rooms)
    metrics.add_gauge(
        "outbox_bytes", "Bytes that wait for slow readers.", lambda: plane.count().outbox_bytes
    )


async def _within(limit_s: float, work: Awaitable[object], what: str) -> None:
    try:
        await asyncio.wait_for(work, limit_s)
    except TimeoutError:
        log.warning("stop_cut_short", waited_for=what, limit_s=limit_s)


# --- the database of a process --------------------------------------------------------------------


def open_product_database(settings: Settings) -> peewee.Database:
    """Open the database of the settings and bind the tables to it; no connection is made yet."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        connect_timeout_s=settings.database_connect_timeout_s,
    )
    bind(database)
    return database


def migrate_database(database: peewee.Database) -> list[str]:
    """Bring the schema up to date. Raises: StartRefused where that is not ours to do."""
    try:
        return migrate(database)
    except SchemaTooNew as error:
        raise StartRefused(str(error)) from error


def hold_only_server(database: peewee.Database, stack: ExitStack) -> None:
    """Make sure that no other process serves this SQLite file; PostgreSQL takes several.

    Raises: StartRefused.
    """
    if not is_sqlite(database):
        return
    path = sqlite_path(database)
    handle: IO[str] = stack.enter_context(path.with_name(path.name + ".serve-lock").open("w"))
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StartRefused(
            f"Another process already serves {path}. SQLite has one server: stop that one first, "
            "or use PostgreSQL for several."
        ) from None


# --- commands -------------------------------------------------------------------------------------


def serve(settings: Settings, _: argparse.Namespace) -> None:
    """Serve the cafes of the database until SIGTERM or SIGINT."""
    _run_server(settings)


def demo(settings: Settings, options: argparse.Namespace) -> None:
    """Make a demo cafe where there is none, serve it, and say how to use it."""
    database = open_product_database(settings)
    migrate_database(database)
    context = SetupContext(now=now(), new_id=new_id, new_code=new_table_code)
    credentials = prepare_demo(
        CAFE, data_dir=settings.data_dir, context=context, hash_password=hash_password
    )

    async def run_beside(product: Product) -> None:
        description = describe_demo(
            CAFE, credentials=credentials, url=product.settings.public_url, paths=DEMO_PATHS
        )
        _print_demo(description, as_json=options.json)
        if options.traffic:
            await Traffic(description, pace=PACES[options.traffic], seed=options.seed).run()

    _run_server(settings, beside=run_beside)


def run_migrations(settings: Settings, _: argparse.Namespace) -> None:
    """Bring the database's schema up to this version."""
    database = open_product_database(settings)
    applied = migrate_database(database)
    _say("\n".join(f"applied {name}" for name in applied) or "The schema is up to date.")


def add_owner(settings: Settings, options: argparse.Namespace) -> None:
    """Make an owner, with a cafe of their own or into one that exists."""
    database = open_product_database(settings)
    if pending(database):
        raise StartRefused("The database is not migrated: run `python tabletap.py migrate` first.")
    password = _read_password()
    cafe_id = create_owner(
        OwnerDraft(
            name=options.name,
            email=options.email,
            cafe_name=options.cafe,
            currency=options.currency,
            timezone=options.timezone,
        ),
        password_hash=hash_password(password),
        context=SetupContext(now=now(), new_id=new_id, new_code=new_table_code),
        cafe_id=options.cafe_id,
    )
    _say(f"Created. Cafe {cafe_id}. Sign in at {settings.public_url}/sign-in.")


def _run_server(
    settings: Settings, *, beside: Callable[[Product], Awaitable[None]] | None = None
) -> None:
    with ExitStack() as stack:
        database = open_product_database(settings)
        hold_only_server(database, stack)
        applied = migrate_database(database)
        if applied:
            log.info("migrated", applied=applied)
        close_database(database)
        with asyncio.Runner(loop_factory=_find_loop_factory()) as loop:
            loop.run(_serve_until_told(settings, beside))


async def _serve_until_told(
    settings: Settings, beside: Callable[[Product], Awaitable[None]] | None
) -> None:
    sockets = _bind(settings)
    product = build(_settle_address(settings, sockets[0].getsockname()[1]))
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _told_to_stop, told)
    product.start(sockets)
    companion = None if beside is None else asyncio.create_task(_keep(beside(product)))
    await told.wait()
    if companion is not None:
        companion.cancel()
        await asyncio.gather(companion, return_exceptions=True)
    await product.stop()


async def _keep(work: Awaitable[None]) -> None:
    """Do what runs beside the server; its failure is logged and does not stop the server."""
    try:
        await work
    except Exception:
        log.exception("companion_failed")


def _told_to_stop(told: asyncio.Event) -> None:
    if told.is_set():  # asked twice: at once
        os._exit(1)
    told.set()


def _bind(settings: Settings) -> list[Any]:
    try:
        return bind_sockets(settings.port, settings.host)
    except OSError as error:
        raise StartRefused(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}). "
            "Choose another port with --port."
        ) from error


def _settle_address(settings: Settings, port: int) -> Settings:
    """Fill in what is only known once the port is bound."""
    url = settings.public_url or f"http://{settings.host}:{port}"
    return msgspec.structs.replace(settings, port=port, public_url=url)


def _find_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed: twice the HTTP requests a second."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def _read_password() -> str:
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
    if len(password) < _SHORTEST_PASSWORD:
        raise StartRefused(f"A password has {_SHORTEST_PASSWORD} characters or more.")
    return password


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _print_demo(description: DemoDescription, *, as_json: bool) -> None:
    """Print how to use the demo: one line for programs, a page for people."""
    if as_json:
        _say(msgspec.json.encode(description).decode())
        return
    lines = ["", f"TableTap's demo cafe is open at {description.url}", "", "Sign in as:"]
    lines += [
        f"  {account.role:<9} {account.email:<28} {account.password}"
        for account in description.accounts
    ]
    lines += ["", f"Counter         {description.counter}", f"Ready board     {description.board}"]
    lines += [f"Kitchen {station.name:<8}{station.link}" for station in description.stations]
    lines += ["", "Order as a guest:"]
    lines += [f"  {table.label:<14}{table.link}" for table in description.tables]
    _say("\n".join([*lines, "", "Ctrl-C stops it.", ""]))


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line. Exits with 2 and a message where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="tabletap.py", description="TableTap: ordering for cafes."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    for name, run, description in (
        ("serve", serve, "serve the cafes of the database"),
        ("demo", demo, "make a demo cafe, serve it and print how to use it"),
        ("migrate", run_migrations, "bring the database's schema up to this version"),
        ("create-owner", add_owner, "make an owner and a cafe; reads the password from stdin"),
    ):
        command = commands.add_parser(name, help=description, description=description)
        command.set_defaults(run=run)
        command.add_argument("--data-dir", help="folder of the database and the keys")
        if run in (serve, demo):
            command.add_argument("--host", help="address to listen on")
            command.add_argument("--port", help="port to listen on; 0 takes a free one")
        if run is demo:
            command.add_argument("--json", action="store_true", help="print one line of JSON")
            command.add_argument("--traffic", choices=sorted(PACES), help="let guests and cooks in")
            command.add_argument("--seed", type=int, default=1, help="of the traffic's chance")
        if run is add_owner:
            command.add_argument("--name", required=True, help="the owner's name")
            command.add_argument("--email", required=True, help="what they sign in with")
            into = command.add_mutually_exclusive_group(required=True)
            into.add_argument("--cafe", default="", help="name of a new cafe")
            into.add_argument("--cafe-id", help="a cafe that exists")
            command.add_argument("--currency", default="EUR", help="of a new cafe (ISO 4217)")
            command.add_argument("--timezone", default="UTC", help="of a new cafe (IANA)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code: 0, or 2 where the set-up is wrong."""
    options = parse_arguments(arguments)
    overrides = {
        name: getattr(options, name, None)
        for name in ("data_dir", "host", "port")
        if getattr(options, name, None) is not None
    }
    try:
        settings = load_settings(os.environ, env_file=Path(".env"), overrides=overrides)
        configure_logging(log_format=settings.log_format, log_level=settings.log_level)
        options.run(settings, options)
    except SettingsError as error:
        _complain(*error.faults)
        return EXIT_MISCONFIGURED
    except (StartRefused, TableTapError) as error:
        _complain(str(error))
        return EXIT_MISCONFIGURED
    except STORAGE_ERRORS as error:
        _complain(f"The database cannot be used: {error}".strip())
        return EXIT_MISCONFIGURED
    return 0


def _complain(*faults: str) -> None:
    sys.stderr.write("".join(f"tabletap: {fault}\n" for fault in faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
