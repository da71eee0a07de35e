"""Who is connected, put together for management: connections by person, phones as a number."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from config.namespaces import Namespace
from domain.roles import Role
from realtime.presence import ConnectionRecord
from services.people import StaffMember

_PERSON = "person:"


class Screens(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has open. counts: connections by namespace. since: of the oldest."""

    counts: dict[Namespace, int]
    since: datetime
    heard_at: datetime


class ConnectedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works here. screens: None while nothing of theirs is connected."""

    member: StaffMember
    screens: Screens | None


class Connected(msgspec.Struct, frozen=True, kw_only=True):
    """is_complete: false while only the answering process's connections are known.

    people: all who work here, connected or not. phones: guests' connections.
    """

    people: list[ConnectedPerson]
    phones: int
    connections: int
    is_complete: bool

    @property
    def connected(self) -> list[ConnectedPerson]:
        """Those of the people who have something open."""
        return [person for person in self.people if person.screens is not None]


def build_connected(
    staff: Iterable[StaffMember], records: Sequence[ConnectionRecord], *, is_complete: bool
) -> Connected:
    """Put people and connections together."""
    own: dict[str, list[ConnectionRecord]] = {}
    for record in records:
        own.setdefault(record.user_id, []).append(record)
    return Connected(
        people=[
            ConnectedPerson(
                member=member, screens=_build_screens(own.get(_PERSON + member.person_id, []))
            )
            for member in staff
        ],
        phones=sum(Role.CUSTOMER in record.roles for record in records),
        connections=len(records),
        is_complete=is_complete,
    )


def _build_screens(records: list[ConnectionRecord]) -> Screens | None:
    if not records:
        return None
    return Screens(
        counts=dict(Counter(record.namespace for record in records)),
        since=_read_time(min(record.connected_at for record in records)),
        heard_at=_read_time(max(record.last_activity for record in records)),
    )


def _read_time(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)
