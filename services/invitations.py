"""How somebody comes to work in a cafe: by a link that is good once, for three days.

Management makes it and hands it over; the database keeps its hash. Whoever opens it chooses a
password, or shows the one of the account that they have already (people may work in several cafes,
and who invites does not learn of the others).
"""

import json
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from domain.commands import Command, Id
from domain.drafts import is_email
from domain.errors import Conflict, NotFound, UnprocessableInput
from domain.permissions import require
from domain.roles import Role
from domain.views.base import View
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows
from models.staff import Invitation, Membership, Person, PersonalData
from models.tenancy import Cafe
from services.access import count_access_change
from services.memberships import Roles, add_roles, check_roles, require_owner
from services.unit_of_work import UnitOfWork

_OPEN_QUERY = """
SELECT invitation.id, personal_data.name, personal_data.email, invitation.roles,
    invitation.expires_at
FROM invitation
JOIN personal_data ON personal_data.id = invitation.personal_data_id
WHERE invitation.cafe_id = ? AND invitation.ended_at IS NULL AND invitation.expires_at > ?
ORDER BY invitation.created_at DESC, invitation.id DESC
"""
# One line, with a letter in it.
NAME_PATTERN = r"^[^\r\n]*\S[^\r\n]*$"
INVITATION_LIFE = timedelta(hours=72)


class InvitePerson(Command, frozen=True):
    """Invite somebody. name: what the cafe calls them."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=NAME_PATTERN)]
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    roles: Roles


class WithdrawInvitation(Command, frozen=True):
    """Let an invitation's link lead nowhere."""

    invitation_id: Id


class KeptInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """What the operation is given: the wish, and the hash of the link's code."""

    wish: InvitePerson
    code_hash: str


class InvitationView(View, frozen=True):
    """An invitation that nobody has taken up yet."""

    invitation_id: str
    name: str
    email: str
    roles: list[Role]
    expires_at: datetime


class OpenedInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """What the link shows. password_hash: of the account that the address has, if it has one."""

    cafe_id: str
    cafe_name: str
    name: str
    email: str
    password_hash: str | None


class AcceptInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Take an invitation up. password_hash: of a new account; None where there is one."""

    code_hash: str
    password_hash: str | None


def invite_person(unit: UnitOfWork, command: KeptInvitation) -> InvitationView:
    """Invite somebody; an earlier invitation of the same address here ends.

    Raises: AuthorizationDenied where only an owner may (an owner's invitation is also ended by
    owners alone), Conflict for who works here already,
    UnprocessableInput.
    """
    require(unit.identity, "invite_person")
    wish = command.wish
    roles = check_roles(wish.roles)
    if Role.OWNER in roles:
        require_owner(unit)
    email = wish.email.strip().lower()
    if not is_email(email):
        raise UnprocessableInput("This is no e-mail address. Type it again.")
    personal_data_id = _find_or_keep_address(unit, wish.name.strip(), email)
    _refuse_who_works_here(unit, personal_data_id)
    _end_open(unit, Invitation.personal_data_id == personal_data_id)
    row = Invitation.create(
        id=unit.new_id(),
        cafe_id=unit.cafe_id,
        code_hash=command.code_hash,
        personal_data_id=personal_data_id,
        roles=sorted(roles),
        created_at=unit.now,
        expires_at=unit.now + INVITATION_LIFE,
    )
    unit.audit("person_invited", invitationId=row.id, roles=sorted(roles))
    return InvitationView(
        invitation_id=row.id,
        name=wish.name.strip(),
        email=email,
        roles=sorted(roles),
        expires_at=row.expires_at,
    )


def withdraw_invitation(unit: UnitOfWork, command: WithdrawInvitation) -> None:
    """End an invitation.

    Raises: NotFound where there is none that is open, AuthorizationDenied for an owner's unless an
    owner asks.
    """
    require(unit.identity, "invite_person")
    if not _end_open(unit, Invitation.id == command.invitation_id):
        raise NotFound("There is no open invitation of this id.")
    unit.audit("invitation_withdrawn", invitationId=command.invitation_id)


def list_invitations(cafe_id: str, *, now: datetime) -> list[InvitationView]:
    """List what is open, the newest first; for `runner.read`."""
    return [
        InvitationView(
            invitation_id=invitation_id,
            name=name,
            email=email or "",
            roles=[Role(role) for role in json.loads(roles)],
            expires_at=from_unix_ms(expires_at),
        )
        for invitation_id, name, email, roles, expires_at in fetch_rows(
            _OPEN_QUERY, (cafe_id, to_unix_ms(now))
        )
    ]


def open_invitation(code_hash: str, *, now: datetime) -> OpenedInvitation:
    """Read what a link shows; for `runner.read`. Raises: NotFound where it leads nowhere."""
    row = _get_open(code_hash, now)
    person = PersonalData.get_by_id(row.personal_data_id)
    account = _find_account(row.personal_data_id)
    cafe = Cafe.get_by_id(row.cafe_id)
    if cafe.closed_at is not None or person.email is None:
        raise _gone()
    return OpenedInvitation(
        cafe_id=cafe.id,
        cafe_name=cafe.name,
        name=person.name,
        email=person.email,
        password_hash=None if account is None else account.password_hash,
    )


def accept_invitation(unit: UnitOfWork, command: AcceptInvitation) -> None:
    """Give the invited person their roles, once. Raises: NotFound where somebody was faster."""
    row = _get_open(command.code_hash, unit.now)
    unit.enter_cafe(row.cafe_id)
    taken = (
        Invitation.update(ended_at=unit.now)
        .where(Invitation.id == row.id, Invitation.ended_at.is_null())
        .execute()
    )
    account = _find_account(row.personal_data_id)
    if not taken or (account is None) != (command.password_hash is not None):
        raise _gone()
    person_id = unit.new_id() if account is None else account.id
    if account is None:
        Person.create(
            id=person_id,
            personal_data_id=row.personal_data_id,
            password_hash=command.password_hash,
            created_at=unit.now,
        )
    add_roles(unit, person_id, frozenset(row.roles))
    count_access_change(unit.cafe_id)
    unit.audit("invitation_accepted", personId=person_id, roles=list(row.roles))


def forget_invitations(*, before: datetime, limit: int) -> int:
    """Remove what ran out, and the addresses that nobody has come to own."""
    expired = list(
        Invitation.select(Invitation.id, Invitation.personal_data_id)
        .where(Invitation.expires_at <= before)
        .order_by(Invitation.expires_at)
        .limit(limit)
    )
    if not expired:
        return 0
    Invitation.delete().where(Invitation.id.in_([row.id for row in expired])).execute()
    PersonalData.delete().where(
        PersonalData.id.in_([row.personal_data_id for row in expired]),
        PersonalData.id.not_in(Person.select(Person.personal_data_id)),
        PersonalData.id.not_in(Invitation.select(Invitation.personal_data_id)),
    ).execute()
    return len(expired)


def _end_open(unit: UnitOfWork, which: object) -> int:
    """End open invitations of the cafe and return how many. Raises: AuthorizationDenied."""
    found = list(
        Invitation.select().where(
            Invitation.cafe_id == unit.cafe_id, Invitation.ended_at.is_null(), which
        )
    )
    if any(Role.OWNER in row.roles and row.expires_at > unit.now for row in found):
        require_owner(unit)
    ended: int = (
        Invitation.update(ended_at=unit.now)
        .where(Invitation.id.in_([row.id for row in found]), Invitation.ended_at.is_null())
        .execute()
    )
    return ended


def _find_or_keep_address(unit: UnitOfWork, name: str, email: str) -> str:
    found = PersonalData.get_or_none(PersonalData.email == email)
    if found is None:
        found = PersonalData.create(id=unit.new_id(), name=name, email=email)
    elif _find_account(found.id) is None:
        PersonalData.update(name=name).where(PersonalData.id == found.id).execute()
    return found.id


def _refuse_who_works_here(unit: UnitOfWork, personal_data_id: str) -> None:
    works_here = (
        Membership.select()
        .join(Person, on=Person.id == Membership.person_id)
        .where(Membership.cafe_id == unit.cafe_id, Person.personal_data_id == personal_data_id)
    )
    if works_here.exists():
        raise Conflict(
            "Somebody with this e-mail address works here already.", code="works_here_already"
        )


def _get_open(code_hash: str, now: datetime) -> Invitation:
    row: Invitation | None = Invitation.get_or_none(
        Invitation.code_hash == code_hash,
        Invitation.ended_at.is_null(),
        Invitation.expires_at > now,
    )
    if row is None:
        raise _gone()
    return row


def _find_account(personal_data_id: str) -> Person | None:
    found: Person | None = Person.get_or_none(Person.personal_data_id == personal_data_id)
    return found


def _gone() -> NotFound:
    return NotFound(
        "This invitation was used, withdrawn or has run out. Ask for a new one.",
        code="invitation_gone",
    )
