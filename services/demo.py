"""The demo's life in a data folder: its passwords, its cafe, and what a person must know to try it.

`tabletap.py demo` calls `prepare_demo` before it serves and prints `describe_demo` once it knows
its address. Passwords are random, made once, and kept in demo.json beside the database, readable
by its owner alone: a demo that somebody can reach from outside has no default to try.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from domain.demo import DemoAccount, DemoDescription, DemoStation, DemoTable
from domain.drafts import CafeDraft
from domain.errors import Conflict, NotFound
from models.tenancy import CafeTable, Station
from services.setup import SetupContext, connected, create_cafe, list_cafe_ids

CREDENTIALS_FILE = "demo.json"

# Letters and digits that cannot be taken for one another; twelve of them are 59 bits.
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - an alphabet
_PASSWORD_GROUPS, _PASSWORD_GROUP_LENGTH = 3, 4


class DemoPaths(msgspec.Struct, frozen=True, kw_only=True):
    """Where pages are, as handlers serve them; `{}` stands for a code or a slug."""

    table: str
    station: str
    counter: str
    board: str
    admin: str
    sign_in: str


class DemoCredentials(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What demo.json holds. passwords: by e-mail address."""

    cafe_id: str
    passwords: dict[str, str]


def prepare_demo(
    draft: CafeDraft,
    *,
    data_dir: Path,
    context: SetupContext,
    hash_password: Callable[[str], str],
) -> DemoCredentials:
    """Make the demo's cafe and passwords where they are not there yet; return the credentials.

    The passwords are on the disk before the cafe is: a run that was cut between the two is
    finished by the next one.

    Raises:
        Conflict: the folder's database holds a cafe, but not the demo's.
    """
    credentials = _read_credentials(data_dir)
    existing = list_cafe_ids()
    if credentials is None:
        if existing:
            raise Conflict(
                "This data folder holds a cafe that is not the demo's. Name another folder.",
                code="not_a_demo",
            )
        credentials = _make_credentials(draft, context.new_id())
        _write_credentials(data_dir, credentials)
    if credentials.cafe_id not in existing:
        hashes = {
            email: hash_password(password) for email, password in credentials.passwords.items()
        }
        create_cafe(draft, cafe_id=credentials.cafe_id, password_hashes=hashes, context=context)
    return credentials


def describe_demo(
    draft: CafeDraft, *, credentials: DemoCredentials, url: str, paths: DemoPaths
) -> DemoDescription:
    """Gather what somebody needs to use the demo: links and sign-ins.

    url: the public address, without a slash at its end.

    Raises:
        NotFound: the database does not hold the cafe of these credentials.
    """
    cafe_id = credentials.cafe_id
    with connected():
        tables = _list_tables(cafe_id)
        stations = _list_stations(cafe_id)
    if not tables:
        raise NotFound("The demo's cafe is not in this database.")
    return DemoDescription(
        url=url,
        cafe_ids=[cafe_id],
        accounts=[
            DemoAccount(
                role=person.role,
                name=person.name,
                email=person.email,
                password=credentials.passwords[person.email],
            )
            for person in draft.people
        ],
        tables=[
            DemoTable(
                number=table.number,
                label=table.label,
                link=url + paths.table.format(table.code),
            )
            for table in tables
        ],
        stations=[
            DemoStation(
                id=station.id,
                name=station.name,
                slug=station.slug,
                link=url + paths.station.format(station.slug),
            )
            for station in stations
        ],
        counter=url + paths.counter,
        board=url + paths.board,
        admin=url + paths.admin,
        sign_in=url + paths.sign_in,
    )


def _list_tables(cafe_id: str) -> list[CafeTable]:
    return list(
        CafeTable.select()
        .where(CafeTable.cafe_id == cafe_id, CafeTable.archived_at.is_null())
        .order_by(CafeTable.number)
    )


def _list_stations(cafe_id: str) -> list[Station]:
    return list(
        Station.select()
        .where(Station.cafe_id == cafe_id, Station.archived_at.is_null())
        .order_by(Station.position)
    )


def _make_credentials(draft: CafeDraft, cafe_id: str) -> DemoCredentials:
    return DemoCredentials(
        cafe_id=cafe_id, passwords={person.email: _make_password() for person in draft.people}
    )


def _make_password() -> str:
    groups = (
        "".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(_PASSWORD_GROUP_LENGTH))
        for _ in range(_PASSWORD_GROUPS)
    )
    return "-".join(groups)


def _read_credentials(data_dir: Path) -> DemoCredentials | None:
    try:
        content = (data_dir / CREDENTIALS_FILE).read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(content, type=DemoCredentials)


def _write_credentials(data_dir: Path, credentials: DemoCredentials) -> None:
    """Write demo.json so that it is whole or absent, and never readable by others."""
    data_dir.mkdir(parents=True, exist_ok=True)
    part = data_dir / f"{CREDENTIALS_FILE}.part"
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(credentials)))
        file.flush()
        os.fsync(file.fileno())
    part.replace(data_dir / CREDENTIALS_FILE)
