"""Taking access back from people: all their sign-ins in a cafe, and where wanted their roles.

The rights of open sockets are read again right after (realtime/access_watch.py), on every
process, since the change is counted in the same transaction.
"""

from domain.commands import Command, Id
from domain.errors import UnprocessableInput
from domain.permissions import require
from domain.roles import Role
from domain.views.base import View
from models.staff import Membership, SignIn
from services.access import count_access_change
from services.memberships import check_owner_stays, require_authority_over
from services.unit_of_work import UnitOfWork


class RevokePerson(Command, frozen=True):
    """End every sign-in of a person in this cafe. remove_roles: they no longer work here."""

    person_id: Id
    remove_roles: bool = False


class RevokeEverybody(Command, frozen=True):
    """End every sign-in in this cafe but the one that asks."""


class RevokedView(View, frozen=True):
    """ended_sign_ins: how many. removed_roles: that a person had here and has no longer."""

    ended_sign_ins: int
    removed_roles: list[Role]


def revoke_person(unit: UnitOfWork, command: RevokePerson) -> RevokedView:
    """Take a person's access to this cafe back.

    Raises: NotFound for who does not work here, AuthorizationDenied for an owner unless an owner
    asks, UnprocessableInput for removing oneself, Conflict for removing the last owner.
    """
    require(unit.identity, "revoke_person")
    roles = sorted(require_authority_over(unit, command.person_id))
    if command.remove_roles:
        if command.person_id == unit.identity.person_id:
            raise UnprocessableInput("You cannot remove yourself. Ask another owner or manager.")
        check_owner_stays(unit, without=command.person_id)
    ended = _end_sign_ins(unit, SignIn.person_id == command.person_id)
    removed = roles if command.remove_roles else []
    if removed:
        Membership.delete().where(
            Membership.person_id == command.person_id, Membership.cafe_id == unit.cafe_id
        ).execute()
    count_access_change(unit.cafe_id)
    unit.audit(
        "person_revoked",
        personId=command.person_id,
        endedSignIns=ended,
        removedRoles=[role.value for role in removed],
    )
    return RevokedView(ended_sign_ins=ended, removed_roles=removed)


def revoke_everybody(unit: UnitOfWork, _: RevokeEverybody) -> RevokedView:
    """End all sign-ins of a cafe, for when it is not known whose was stolen."""
    require(unit.identity, "revoke_everybody")
    ended = _end_sign_ins(unit, SignIn.id != unit.identity.sign_in_id)
    count_access_change(unit.cafe_id)
    unit.audit("everybody_revoked", endedSignIns=ended)
    return RevokedView(ended_sign_ins=ended, removed_roles=[])


def _end_sign_ins(unit: UnitOfWork, whose: object) -> int:
    ended: int = (
        SignIn.update(revoked_at=unit.now)
        .where(SignIn.cafe_id == unit.cafe_id, SignIn.revoked_at.is_null(), whose)
        .execute()
    )
    return ended
