"""Who works in a cafe, as its management sees them; for `runner.read`.

Taking their access back is services/revocation.py; who is connected only the sockets know.
"""

from datetime import datetime
from typing import Any

import msgspec

from domain.roles import Role
from models.fields import from_optional_unix_ms, to_unix_ms
from models.rows import fetch_rows

# Those who may most stand first.
_ORDER = (Role.OWNER, Role.MANAGER, Role.COUNTER, Role.EXPO, Role.KITCHEN)
_MEMBERS_QUERY = """
SELECT membership.person_id, personal_data.name, membership.role
FROM membership
JOIN person ON person.id = membership.person_id
JOIN personal_data ON personal_data.id = person.personal_data_id
WHERE membership.cafe_id = ?
"""
_SIGN_INS_QUERY = """
SELECT person_id, COUNT(*), MAX(last_seen_at)
FROM sign_in
WHERE cafe_id = ? AND revoked_at IS NULL AND expires_at > ?
GROUP BY person_id
"""


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a role in a cafe. name: "" where it was erased.

    roles: the most far-reaching first. sign_ins: how many of theirs are good here, and
    last_seen_at when one of them was last used.
    """

    person_id: str
    name: str
    roles: list[Role]
    sign_ins: int
    last_seen_at: datetime | None


def list_staff(cafe_id: str, *, now: datetime) -> list[StaffMember]:
    """List the people of a cafe: owners first, then by name."""
    names: dict[str, str] = {}
    roles: dict[str, set[Role]] = {}
    for person_id, name, role in fetch_rows(_MEMBERS_QUERY, (cafe_id,)):
        names[person_id] = name
        roles.setdefault(person_id, set()).add(Role(role))
    sign_ins = {row[0]: row for row in fetch_rows(_SIGN_INS_QUERY, (cafe_id, to_unix_ms(now)))}
    staff = [
        _build_member(person_id, name, roles[person_id], sign_ins.get(person_id))
        for person_id, name in names.items()
    ]
    return sorted(staff, key=lambda each: (_ORDER.index(each.roles[0]), each.name.lower()))


def _build_member(
    person_id: str, name: str, roles: set[Role], sign_in: tuple[Any, ...] | None
) -> StaffMember:
    _, count, last_seen_at = sign_in if sign_in is not None else (person_id, 0, None)
    return StaffMember(
        person_id=person_id,
        name=name,
        roles=sorted(roles, key=_ORDER.index),
        sign_ins=count,
        last_seen_at=from_optional_unix_ms(last_seen_at),
    )
