"""TableTap's command line: reads the settings, runs one command, ends with its exit code.

What a server is made of is put together in composition/. `python tabletap.py --help` lists the
commands; nobody imports this module.
"""

import argparse
import asyncio
import getpass
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import peewee
from tornado.netutil import bind_sockets

from composition.backup import back_up, renew_epoch, restore
from composition.event_loop import favour_event_loop, find_loop_factory
from composition.identifiers import new_id, new_table_code, now
from composition.life_watch import note_life_before_serving
from composition.product import Product, build
from composition.storage import (
    StartRefused,
    hold_only_server,
    migrate_database,
    open_product_database,
)
from config.logging import configure_logging, get_logger
from config.secrets import find_secrets, rotate_signing_key
from config.settings import Settings, SettingsError, load_settings
from demo.cafe import CAFE
from demo.pace import PACES
from demo.traffic import Traffic
from domain.demo import DemoDescription
from domain.drafts import OwnerDraft
from domain.errors import TableTapError
from models.database import STORAGE_ERRORS, close_database
from models.migrations import pending
from services.audit_chain import ChainReport, Sealer, list_chains, verify_chain
from services.demo import DemoPaths, describe_demo, prepare_demo
from services.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, hash_password
from services.setup import SetupContext, connected, create_owner

DEMO_PATHS = DemoPaths(
    table="/t/{}",
    station="/kitchen/{}",
    counter="/counter",
    board="/board",
    admin="/admin",
    sign_in="/sign-in",
)
EXIT_FAULTY = 1
EXIT_MISCONFIGURED = 2

log = get_logger("tabletap")


def serve(settings: Settings, _: argparse.Namespace) -> None:
    """Serve the cafes of the database until SIGTERM or SIGINT; say how to make the first one."""

    async def offer_set_up(product: Product) -> None:
        code = await product.first_run.find_code()
        if code is not None:
            # On the terminal and not in the log: whoever has the link owns the installation.
            _say(f"There is no cafe yet. Open yours at {product.settings.public_url}/set-up/{code}")

    _run_server(settings, beside=offer_set_up)


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
    _open_migrated(settings)
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


def verify_audit(settings: Settings, options: argparse.Namespace) -> None:
    """Walk the chains of the audit, and end with 1 where one does not hold."""
    # Before the database is opened: a wrong folder stays as it was.
    sealer = Sealer(find_secrets(settings.data_dir).derive)
    _open_migrated(settings)
    with connected():
        cafe_ids = [options.cafe] if options.cafe else list_chains()
        reports = [verify_chain(cafe_id, sealer) for cafe_id in cafe_ids]
    for report in reports:
        _say(_describe_chain(report))
    if any(report.fault is not None for report in reports):
        raise SystemExit(EXIT_FAULTY)


def _describe_chain(report: ChainReport) -> str:
    if report.fault is not None:
        return f"{report.cafe_id}  FAULT  {report.fault.words}"
    erased = f", {report.erased} with erased details" if report.erased else ""
    return (
        f"{report.cafe_id}  whole  {report.facts} facts{erased}, {report.seals} seals, the last one"
        f" at place {report.sealed_seq}"
    )


def rotate_key(settings: Settings, _: argparse.Namespace) -> None:
    """Put a new signing key before the one in use, which goes on verifying."""
    rotate_signing_key(settings.data_dir, now=now())
    _say(
        "Running servers take the new key within a second and sign with it after five. Tokens of "
        "the key before it stay good; those of older keys are not any more."
    )


def back_up_database(settings: Settings, options: argparse.Namespace) -> None:
    """Copy the database into a file, while a server serves or not."""
    back_up(open_product_database(settings), Path(options.file))
    _say(f"The database is in {options.file}. Keep the keys of {settings.data_dir} as well.")


def restore_database(settings: Settings, options: argparse.Namespace) -> None:
    """Put a backup in the place of the database."""
    kept = restore(open_product_database(settings), Path(options.file))
    before = "" if kept is None else f" What was there before is in {kept}."
    _say(f"Restored from {options.file}.{before}")


def renew_log_epoch(settings: Settings, _: argparse.Namespace) -> None:
    """Have every client reload once, after a restore that was not ours."""
    count = renew_epoch(_open_migrated(settings))
    _say(f"A new epoch begins for {count} cafes: every screen and phone reloads once.")


def _open_migrated(settings: Settings) -> peewee.Database:
    """Open a database that has all tables of this version. Raises: StartRefused."""
    database = open_product_database(settings)
    if pending(database):
        raise StartRefused("The database is not migrated: run `python tabletap.py migrate` first.")
    return database


def _run_server(
    settings: Settings, *, beside: Callable[[Product], Awaitable[None]] | None = None
) -> None:
    with ExitStack() as stack:
        database = open_product_database(settings)
        hold_only_server(database, stack)
        applied = migrate_database(database)
        if applied:
            log.info("migrated", applied=applied)
        note_life_before_serving(database)
        close_database(database)
        favour_event_loop()
        with asyncio.Runner(loop_factory=find_loop_factory()) as loop:
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


def _read_password() -> str:
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise StartRefused(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
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
    lines += [f"Dashboard       {description.admin}"]
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
        ("audit", verify_audit, "verify that nobody has changed what the audit holds"),
        ("rotate-key", rotate_key, "make a new key for signing tokens; servers go on running"),
        ("backup", back_up_database, "copy a SQLite database into a file, also while it is served"),
        ("restore", restore_database, "put such a file in the place of the database"),
        ("renew-epoch", renew_log_epoch, "after PostgreSQL was restored or failed over"),
    ):
        command = commands.add_parser(name, help=description, description=description)
        command.set_defaults(run=run)
        command.add_argument("--data-dir", help="folder of the database and the keys")
        if run in (back_up_database, restore_database):
            command.add_argument("file", help="of the backup")
        if run in (serve, demo):
            command.add_argument("--host", help="address to listen on")
            command.add_argument("--port", help="port to listen on; 0 takes a free one")
        if run is demo:
            command.add_argument("--json", action="store_true", help="print one line of JSON")
            command.add_argument("--traffic", choices=sorted(PACES), help="let guests and cooks in")
            command.add_argument("--seed", type=int, default=1, help="of the traffic's chance")
        if run is verify_audit:
            command.add_argument("what", choices=["verify"], help="walk each cafe's chain")
            command.add_argument("--cafe", help="only this cafe's, by its id")
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
    """Run one command and return the exit code: 0; 2 where the set-up is wrong, 1 for a fault."""
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
