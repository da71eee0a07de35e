"""Who has which role in a cafe, and changing that.

Owners alone make and unmake owners, and the last one stays. What somebody has open follows within
two seconds on every process (realtime/access_watch.py): it comes back with the new rights, or ends.
"""

from typing import Annotated

import msgspec

from domain.commands import Command, Id
from domain.errors import AuthorizationDenied, Conflict, NotFound, UnprocessableInput
from domain.permissions import require
from domain.roles import PERSON_ROLES, Role
from domain.views.base import View
from models.base import database_proxy
from models.database import take_turns
from models.staff import Membership, Person
from services.access import count_access_change
from services.unit_of_work import UnitOfWork

Roles = Annotated[tuple[Role, ...], msgspec.Meta(min_length=1, max_length=10)]


class ChangeRoles(Command, frozen=True):
    """Give a person these roles here, and no others."""

    person_id: Id
    roles: Roles


class MemberRolesView(View, frozen=True):
    """What a person may be here now."""

    person_id: str
    roles: list[Role]


def change_roles(unit: UnitOfWork, command: ChangeRoles) -> MemberRolesView:
    """Change what a person is here.

    Raises: NotFound for who does not work here, AuthorizationDenied where only an owner may,
    Conflict `last_owner`, UnprocessableInput for a role that is nobody's.
    """
    require(unit.identity, "change_roles")
    wanted = check_roles(command.roles)
    held = require_authority_over(unit, command.person_id)
    if Role.OWNER in wanted:
        require_owner(unit)
    if Role.OWNER in held and Role.OWNER not in wanted:
        check_owner_stays(unit, without=command.person_id)
    if wanted != held:
        _write_roles(unit, command.person_id, held=held, wanted=wanted)
        count_access_change(unit.cafe_id)
        unit.audit(
            "roles_changed",
            personId=command.person_id,
            roles=sorted(wanted),
            rolesBefore=sorted(held),
        )
    return MemberRolesView(person_id=command.person_id, roles=sorted(wanted))


def check_roles(roles: tuple[Role, ...]) -> frozenset[Role]:
    """Return the roles as what a person may have. Raises: UnprocessableInput."""
    wanted = frozenset(roles)
    if not wanted or not wanted <= PERSON_ROLES:
        words = ", ".join(sorted(PERSON_ROLES))
        raise UnprocessableInput(f"People have one or more of these roles: {words}.")
    return wanted


def require_owner(unit: UnitOfWork) -> None:
    """Let an owner through. Raises: AuthorizationDenied."""
    if Role.OWNER not in unit.identity.roles:
        raise AuthorizationDenied("Only an owner decides who is an owner.")


def require_authority_over(unit: UnitOfWork, person_id: str) -> frozenset[Role]:
    """Return the roles of a person of the cafe whom the caller may act on.

    Waits for others who change roles here, so that what is read stays true until the commit.
    Raises: NotFound, AuthorizationDenied for an owner unless an owner asks.
    """
    take_turns(database_proxy.obj, [f"memberships:{unit.cafe_id}"])
    rows = Membership.select(Membership.role).where(
        Membership.person_id == person_id, Membership.cafe_id == unit.cafe_id
    )
    held = frozenset(Role(row.role) for row in rows)
    if not held:
        raise NotFound("Nobody with this id works here.")
    if Role.OWNER in held and Role.OWNER not in unit.identity.roles:
        raise AuthorizationDenied("Only an owner changes what an owner may do.")
    return held


def check_owner_stays(unit: UnitOfWork, *, without: str) -> None:
    """Raises: Conflict where the cafe would have no owner who can sign in."""
    others = (
        Membership.select()
        .join(Person, on=Person.id == Membership.person_id)
        .where(
            Membership.cafe_id == unit.cafe_id,
            Membership.role == Role.OWNER,
            Membership.person_id != without,
            Person.disabled_at.is_null(),
        )
    )
    if not others.exists():
        raise Conflict(
            "This is the last owner. Make somebody else an owner first.", code="last_owner"
        )


def add_roles(unit: UnitOfWork, person_id: str, roles: frozenset[Role]) -> None:
    """Give a person roles beside those that they have."""
    for role in sorted(roles):
        Membership.insert(
            cafe_id=unit.cafe_id, person_id=person_id, role=role, created_at=unit.now
        ).on_conflict_ignore().execute()


def _write_roles(
    unit: UnitOfWork, person_id: str, *, held: frozenset[Role], wanted: frozenset[Role]
) -> None:
    Membership.delete().where(
        Membership.person_id == person_id,
        Membership.cafe_id == unit.cafe_id,
        Membership.role.in_(sorted(held - wanted)),
    ).execute()
    add_roles(unit, person_id, wanted - held)
