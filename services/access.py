"""Whether somebody still is who their token said, with the rights they have now (spec D1, H5).

Asked inside every unit, in its transaction: a person who was removed, a sign-in that was ended, a
table that was closed, a token that was taken back stop at the next command, whatever the token
still says. Lost rights are one answer: not any more, so an open socket ends with it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from domain.errors import AuthenticationFailed, TableTapError
from domain.roles import Identity, Role
from models.fields import to_unix_ms
from models.rows import fetch_rows

# One row per role; the sign-in's columns are null where the sign-in is not this person's here.
_PERSON_QUERY = """
SELECT membership.role, person.disabled_at, cafe.closed_at,
    sign_in.id, sign_in.revoked_at, sign_in.expires_at, membership.created_at,
    EXISTS (SELECT 1 FROM revoked_token WHERE jti = ?)
FROM membership
JOIN person ON person.id = membership.person_id
JOIN cafe ON cafe.id = membership.cafe_id
LEFT JOIN sign_in ON sign_in.id = ? AND sign_in.person_id = membership.person_id
    AND sign_in.cafe_id = membership.cafe_id
WHERE membership.person_id = ? AND membership.cafe_id = ?
"""
_GUEST_QUERY = """
SELECT table_session.closed_at, cafe.closed_at,
    EXISTS (SELECT 1 FROM revoked_token WHERE jti = ?), table_session.id
FROM lane
JOIN table_session ON table_session.id = lane.table_session_id
JOIN cafe ON cafe.id = lane.cafe_id
WHERE lane.id = ? AND lane.cafe_id = ?
"""


_DEVICE_QUERY = """
SELECT device.role, device.station_id, device.revoked_at, cafe.closed_at,
    EXISTS (SELECT 1 FROM revoked_token WHERE jti = ?)
FROM device
JOIN cafe ON cafe.id = device.cafe_id
WHERE device.id = ? AND device.cafe_id = ?
"""


def recheck_identity(identity: Identity, *, now: datetime) -> Identity:
    """Return the identity with the rights that the database gives it now.

    A token may have been narrowed to some of a person's roles, or to a board's, which shows public
    facts alone: nobody gains rights here that the token did not carry.

    Raises: AuthenticationFailed; its code says what has ended.
    """
    if identity.is_guest:
        return _read_guest(identity)
    if identity.is_device:
        return _read_device(identity)
    held, roles_since_ms = _read_roles(identity, now)
    roles = identity.roles & (held | {Role.BOARD})
    if not roles:
        raise AuthenticationFailed("You no longer have this role here.", code="role_changed")
    if (roles, roles_since_ms) == (identity.roles, identity.roles_since_ms):
        return identity
    return msgspec.structs.replace(identity, roles=roles, roles_since_ms=roles_since_ms)


def recheck_identities(
    identities: Sequence[Identity], *, now: datetime
) -> list[Identity | TableTapError]:
    """Read the rights of several again, in their order: what they are, or why there are none."""
    return [_recheck(identity, now) for identity in identities]


def count_access_change(cafe_id: str) -> None:
    """Say, in the transaction that takes access back, that open sockets must be looked at."""
    fetch_rows(
        "INSERT INTO access_count (cafe_id, seq) VALUES (?, 1)"
        " ON CONFLICT (cafe_id) DO UPDATE SET seq = access_count.seq + 1 RETURNING seq",
        (cafe_id,),
    )


def read_access_counts(cafe_ids: Collection[str]) -> dict[str, int]:
    """Read how often the rights in cafes have changed: cafe id -> count; 0 is left out."""
    wanted = list(cafe_ids)
    if not wanted:
        return {}
    rows = fetch_rows(
        "SELECT cafe_id, seq FROM access_count"  # noqa: S608 - place-holders
        f" WHERE cafe_id IN ({', '.join('?' * len(wanted))})",
        wanted,
    )
    return dict(rows)


def _recheck(identity: Identity, now: datetime) -> Identity | TableTapError:
    try:
        return recheck_identity(identity, now=now)
    except AuthenticationFailed as error:
        return error


def _read_guest(identity: Identity) -> Identity:
    """A lane is of one seating at a time, whichever it was when its token was made: two tables may
    have been put together."""
    rows = fetch_rows(_GUEST_QUERY, (identity.token_id, identity.lane_id, identity.cafe_id))
    if not rows or rows[0][0] is not None:
        raise AuthenticationFailed(
            "This table was closed. Scan its code again.", code="table_session_closed"
        )
    _check_cafe_is_open(rows[0][1])
    _check_token(rows[0][2])
    seating_id = rows[0][3]
    if seating_id == identity.table_session_id:
        return identity
    return msgspec.structs.replace(identity, table_session_id=seating_id)


def _read_device(identity: Identity) -> Identity:
    """A screen is what its row says, whatever it was when its token was made: it may be moved."""
    rows = fetch_rows(_DEVICE_QUERY, (identity.token_id, identity.device_id, identity.cafe_id))
    if not rows or rows[0][2] is not None:
        raise AuthenticationFailed("This screen was unpaired.", code="device_unpaired")
    role, station_id, _, closed_at, is_token_revoked = rows[0]
    _check_cafe_is_open(closed_at)
    _check_token(is_token_revoked)
    # A board's rights alone, which any screen may ask for, stay a board's.
    is_board = identity.roles == {Role.BOARD}
    roles = frozenset({Role.BOARD if is_board else Role(role)})
    if (roles, station_id) == (identity.roles, identity.station_id):
        return identity
    return msgspec.structs.replace(identity, roles=roles, station_id=station_id)


def _read_roles(identity: Identity, now: datetime) -> tuple[frozenset[Role], int]:
    """Return the roles, and when the last of them was given."""
    rows = fetch_rows(
        _PERSON_QUERY,
        (identity.token_id, identity.sign_in_id, identity.person_id, identity.cafe_id),
    )
    if not rows:
        raise AuthenticationFailed("You do not work in this cafe.", code="no_role")
    _, disabled_at, closed_at, sign_in_id, revoked_at, expires_at, _, is_token_revoked = rows[0]
    if disabled_at is not None:
        raise AuthenticationFailed("This account is disabled.", code="person_disabled")
    _check_cafe_is_open(closed_at)
    if identity.sign_in_id is not None and (
        sign_in_id is None or revoked_at is not None or expires_at <= to_unix_ms(now)
    ):
        raise AuthenticationFailed("This sign-in has ended. Sign in again.", code="signed_out")
    _check_token(is_token_revoked)
    return frozenset(Role(row[0]) for row in rows), max(row[6] for row in rows)


def _check_token(is_revoked: object) -> None:
    if is_revoked:
        raise AuthenticationFailed("This sign-in has ended. Sign in again.", code="revoked")


def _check_cafe_is_open(closed_at: int | None) -> None:
    if closed_at is not None:
        raise AuthenticationFailed("This cafe is closed for good.", code="cafe_closed")
