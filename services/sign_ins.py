"""Where somebody is signed in, and ending that: one's own, or as management one of one's people.

The sockets that lived on a sign-in end right after (realtime/access_watch.py), on every process.
"""

from datetime import datetime

from domain.commands import Command, Id
from domain.errors import NotFound
from domain.permissions import require
from domain.views.base import View
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from models.staff import SignIn
from services.access import count_access_change
from services.memberships import require_authority_over
from services.unit_of_work import UnitOfWork

_QUERY = """
SELECT sign_in.id, client, sign_in.created_at, last_seen_at, refresh_token.sign_in_id
FROM sign_in
LEFT JOIN refresh_token ON refresh_token.sign_in_id = sign_in.id
    AND refresh_token.rotated_at IS NULL
WHERE sign_in.person_id = ? AND sign_in.cafe_id = ?
    AND sign_in.revoked_at IS NULL AND sign_in.expires_at > ?
ORDER BY last_seen_at DESC, sign_in.id DESC
"""


class EndSignIn(Command, frozen=True):
    """End a sign-in of one's own, or of somebody whose access one may take back."""

    sign_in_id: Id


class EndOtherSignIns(Command, frozen=True):
    """End all sign-ins of one's own here but the one that asks."""


class OpenSignInView(View, frozen=True):
    """A sign-in that is good. client: what it was begun with, "" where that is not known.

    last_seen_at: to the hour. is_own: the one that asks. is_program: it goes on by itself.
    """

    sign_in_id: str
    client: str
    since: datetime
    last_seen_at: datetime
    is_own: bool
    is_program: bool


class SignInsView(View, frozen=True):
    """The last used first."""

    sign_ins: list[OpenSignInView]


class EndedSignInsView(View, frozen=True):
    """How many have been ended."""

    ended_sign_ins: int


def list_sign_ins(
    cafe_id: str, person_id: str | None, *, own_id: str | None, now: datetime
) -> list[OpenSignInView]:
    """List the good sign-ins of a person in a cafe; for `runner.read`. own_id: of who asks."""
    return [
        OpenSignInView(
            sign_in_id=sign_in_id,
            client=client,
            since=from_unix_ms(created_at),
            last_seen_at=from_unix_ms(last_seen_at),
            is_own=sign_in_id == own_id,
            is_program=refreshes is not None,
        )
        for sign_in_id, client, created_at, last_seen_at, refreshes in fetch_rows(
            _QUERY, (person_id, cafe_id, to_unix_ms(now))
        )
    ]


def end_one_sign_in(unit: UnitOfWork, command: EndSignIn) -> EndedSignInsView:
    """End a sign-in; ending it twice does no harm.

    Raises: NotFound where there is none such that one may know of, AuthorizationDenied for an
    owner's unless an owner asks.
    """
    require(unit.identity, "end_sign_in")
    row = SignIn.get_or_none(SignIn.id == command.sign_in_id, SignIn.cafe_id == unit.cafe_id)
    if row is None:
        raise NotFound("There is no such sign-in here.")
    if row.person_id != unit.identity.person_id:
        require(unit.identity, "revoke_person")
        require_authority_over(unit, row.person_id)
    return _end(unit, row.person_id, SignIn.id == command.sign_in_id)


def end_other_sign_ins(unit: UnitOfWork, _: EndOtherSignIns) -> EndedSignInsView:
    """End all of one's own but the one that asks."""
    require(unit.identity, "end_sign_in")
    others = (SignIn.person_id == unit.identity.person_id) & (SignIn.id != unit.identity.sign_in_id)
    return _end(unit, unit.identity.person_id, others)


def _end(unit: UnitOfWork, person_id: str | None, which: object) -> EndedSignInsView:
    ended: int = (
        SignIn.update(revoked_at=unit.now)
        .where(SignIn.cafe_id == unit.cafe_id, SignIn.revoked_at.is_null(), which)
        .execute()
    )
    if ended:
        count_access_change(unit.cafe_id)
        unit.audit("sign_in_ended", personId=person_id, endedSignIns=ended)
    return EndedSignInsView(ended_sign_ins=ended)
