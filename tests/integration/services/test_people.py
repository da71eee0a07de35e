"""People come by an invitation, get other roles, and are signed out; on both databases."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from domain.errors import AuthorizationDenied, Conflict, NotFound, TableTapError, UnprocessableInput
from domain.roles import Identity, IdentityKind, Role
from models.audit import AuditEntry
from models.staff import Invitation, Membership, Person, PersonalData, SignIn
from services.access import recheck_identity
from services.invitations import (
    AcceptInvitation,
    InvitePerson,
    KeptInvitation,
    WithdrawInvitation,
    accept_invitation,
    forget_invitations,
    invite_person,
    list_invitations,
    open_invitation,
    withdraw_invitation,
)
from services.memberships import ChangeRoles, change_roles
from services.revocation import RevokePerson, revoke_person
from services.sign_ins import (
    EndOtherSignIns,
    EndSignIn,
    end_one_sign_in,
    end_other_sign_ins,
    list_sign_ins,
)
from tests.integration.services.conftest import CAFE, NOW, OTHER_CAFE, new_id

COOK = InvitePerson(name="Cem", email=" Cem@Cafe.example ", roles=(Role.KITCHEN,))


def add_person(database, *roles: Role, cafe_id: str = CAFE) -> Identity:
    """Write somebody with roles and a sign-in; return who they are."""
    person_id, data_id, sign_in_id = new_id(), new_id(), new_id()
    with database.connection_context():
        PersonalData.create(id=data_id, name="Somebody", email=f"{data_id}@cafe.example")
        Person.create(id=person_id, personal_data_id=data_id, password_hash="x", created_at=NOW)
        for role in roles:
            Membership.create(cafe_id=cafe_id, person_id=person_id, role=role, created_at=NOW)
        SignIn.create(
            id=sign_in_id,
            token_hash=sign_in_id,
            person_id=person_id,
            cafe_id=cafe_id,
            created_at=NOW,
            expires_at=NOW + timedelta(days=14),
            last_seen_at=NOW,
            client="Firefox on Linux",
        )
    return Identity(
        kind=IdentityKind.PERSON,
        principal=f"person:{person_id}",
        cafe_id=cafe_id,
        roles=frozenset(roles),
        person_id=person_id,
        sign_in_id=sign_in_id,
    )


@pytest.fixture
async def runner(make_runner):
    return make_runner()


@pytest.fixture
def owner(database) -> Identity:
    return add_person(database, Role.OWNER)


@pytest.fixture
def manager(database) -> Identity:
    return add_person(database, Role.MANAGER)


async def invite(runner, identity, wish: InvitePerson = COOK, code_hash: str = "a" * 64):
    command = KeptInvitation(wish=wish, code_hash=code_hash)
    await runner.write(invite_person, command, identity=identity, command_type="invite_person")


async def accept(runner, code_hash: str = "a" * 64, password_hash: str | None = "hash"):
    command = AcceptInvitation(code_hash=code_hash, password_hash=password_hash)
    await runner.write(accept_invitation, command, command_type="accept_invitation")


async def change(runner, identity, person_id: str | None, *roles: Role):
    assert person_id is not None
    command = ChangeRoles(person_id=person_id, roles=roles)
    await runner.write(change_roles, command, identity=identity, command_type="change_roles")


def read_roles(database, person_id: str | None) -> set[Role]:
    with database.connection_context():
        rows = Membership.select().where(
            Membership.person_id == person_id, Membership.cafe_id == CAFE
        )
        return {row.role for row in rows}


async def test_an_invitation_makes_a_person_once(runner, manager, database):
    """With the roles that it says; the second use, the audit and the row know no more."""
    await invite(runner, manager)
    opened = await runner.read(open_invitation, "a" * 64, now=NOW)
    assert (opened.name, opened.email, opened.password_hash) == ("Cem", "cem@cafe.example", None)

    answers = await asyncio.gather(*(accept(runner) for _ in range(4)), return_exceptions=True)

    assert [type(each) for each in answers].count(NotFound) == 3
    with database.connection_context():
        person = Person.select().join(PersonalData).where(PersonalData.email == opened.email).get()
        kinds = [row.kind for row in AuditEntry.select().order_by(AuditEntry.id)]
    assert read_roles(database, person.id) == {Role.KITCHEN}
    assert kinds == ["person_invited", "invitation_accepted"]
    assert await runner.read(list_invitations, CAFE, now=NOW) == []


async def test_an_invitation_ends_by_time_by_hand_and_by_the_next(runner, manager, database):
    """Whatever ended it, its link leads nowhere."""
    await invite(runner, manager)
    await invite(runner, manager, code_hash="b" * 64)
    (open_one,) = await runner.read(list_invitations, CAFE, now=NOW)
    command = WithdrawInvitation(invitation_id=open_one.invitation_id)
    late = NOW + timedelta(hours=72)

    with pytest.raises(NotFound):
        await runner.read(open_invitation, "a" * 64, now=NOW)
    with pytest.raises(NotFound):
        await runner.read(open_invitation, "b" * 64, now=late)
    await runner.write(
        withdraw_invitation, command, identity=manager, command_type="withdraw_invitation"
    )
    with pytest.raises(NotFound):
        await accept(runner, "b" * 64)
    with database.connection_context(), database.atomic():
        assert forget_invitations(before=late, limit=10) == 2
        assert Invitation.select().count() == 0
        assert PersonalData.get_or_none(PersonalData.email == "cem@cafe.example") is None


async def test_who_has_an_account_keeps_it(runner, manager, database):
    """Somebody of another cafe is let in with their own password, and is not made twice."""
    other = add_person(database, Role.COUNTER, cafe_id=OTHER_CAFE)
    email = other_email(database, other)
    await invite(runner, manager, InvitePerson(name="X", email=email, roles=(Role.COUNTER,)))

    with pytest.raises(NotFound):
        await accept(runner, password_hash="a new one")
    await accept(runner, password_hash=None)

    assert read_roles(database, other.person_id) == {Role.COUNTER}
    with pytest.raises(Conflict):
        await invite(runner, manager, InvitePerson(name="X", email=email, roles=(Role.EXPO,)))


def other_email(database, identity: Identity) -> str:
    with database.connection_context():
        row = PersonalData.select().join(Person).where(Person.id == identity.person_id).get()
        return str(row.email)


async def test_only_owners_make_and_unmake_owners(runner, owner, manager, database):
    """A manager neither makes one nor touches one; nobody is made what is nobody's role."""
    cook = add_person(database, Role.KITCHEN)
    boss = InvitePerson(name="B", email="b@cafe.example", roles=(Role.OWNER,))

    attempts = [
        change(runner, manager, cook.person_id, Role.OWNER),
        change(runner, manager, owner.person_id, Role.KITCHEN),
        invite(runner, manager, boss),
        change(runner, cook, cook.person_id, Role.MANAGER),
    ]
    for refused in await asyncio.gather(*attempts, return_exceptions=True):
        assert isinstance(refused, AuthorizationDenied)
    for role in (Role.CUSTOMER, Role.BOARD):
        with pytest.raises(UnprocessableInput):
            await change(runner, owner, cook.person_id, role)
    await change(runner, owner, cook.person_id, Role.OWNER, Role.KITCHEN)
    assert read_roles(database, cook.person_id) == {Role.OWNER, Role.KITCHEN}

    await invite(runner, owner, boss)
    (open_one,) = await runner.read(list_invitations, CAFE, now=NOW)
    withdraw = WithdrawInvitation(invitation_id=open_one.invitation_id)
    with pytest.raises(AuthorizationDenied):
        await runner.write(
            withdraw_invitation, withdraw, identity=manager, command_type="withdraw_invitation"
        )
    with pytest.raises(AuthorizationDenied):  # it would end the owner's
        await invite(
            runner,
            manager,
            msgspec.structs.replace(boss, roles=(Role.KITCHEN,)),
            code_hash="b" * 64,
        )
    assert await runner.read(list_invitations, CAFE, now=NOW) == [open_one]


async def test_the_last_owner_stays(runner, make_runner, owner, database):
    """Neither demoted nor removed, and not by two who unmake each other at one moment."""
    with pytest.raises(Conflict) as refusal:
        await change(runner, owner, owner.person_id, Role.MANAGER)
    assert refusal.value.code == "last_owner"
    second = add_person(database, Role.OWNER)
    runners = [runner, make_runner()]

    outcomes = await asyncio.gather(
        change(runners[0], owner, second.person_id, Role.MANAGER),
        change(runners[1], second, owner.person_id, Role.MANAGER),
        return_exceptions=True,
    )

    assert sum(isinstance(each, TableTapError) for each in outcomes) == 1
    owners = [Role.OWNER in read_roles(database, each.person_id) for each in (owner, second)]
    assert sorted(owners) == [False, True]


async def test_an_owner_removes_another_but_not_themselves(runner, owner, database):
    """The cafe keeps one in any case."""
    second = add_person(database, Role.OWNER)

    async def remove(person_id):
        await runner.write(
            revoke_person,
            RevokePerson(person_id=person_id, remove_roles=True),
            identity=owner,
            command_type="revoke_person",
        )

    await remove(second.person_id)
    with pytest.raises(UnprocessableInput):
        await remove(owner.person_id)
    assert read_roles(database, second.person_id) == set()


async def test_people_of_another_cafe_are_nobody(runner, owner, database):
    """Their ids look like ids that nothing has."""
    stranger = add_person(database, Role.KITCHEN, cafe_id=OTHER_CAFE)

    for attempt in (
        change(runner, owner, stranger.person_id, Role.COUNTER),
        end(runner, owner, stranger.sign_in_id),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_role_that_is_given_shows_in_who_is_known_already(make_runner, owner, database):
    """So a socket that was opened for fewer of them comes back for all."""
    runner = make_runner(clock=lambda: NOW + timedelta(hours=1))
    cook = add_person(database, Role.KITCHEN)
    with database.connection_context():
        before = recheck_identity(cook, now=NOW)
    await change(runner, owner, cook.person_id, Role.KITCHEN, Role.COUNTER)

    with database.connection_context():
        after = recheck_identity(before, now=NOW)
    assert after.roles == before.roles
    assert (after.roles_since_ms or 0) > (before.roles_since_ms or 0)


async def end(runner, identity, sign_in_id: str | None):
    assert sign_in_id is not None
    await runner.write(
        end_one_sign_in,
        EndSignIn(sign_in_id=sign_in_id),
        identity=identity,
        command_type="end_one_sign_in",
    )


async def test_sign_ins_are_listed_and_ended(runner, manager, owner, database):
    """One's own, marked; a manager's people's; an owner's by an owner alone."""
    cook = add_person(database, Role.KITCHEN)
    listed = await runner.read(list_sign_ins, CAFE, cook.person_id, own_id=cook.sign_in_id, now=NOW)
    assert [(each.client, each.is_own, each.is_program) for each in listed] == [
        ("Firefox on Linux", True, False)
    ]

    with pytest.raises(AuthorizationDenied):
        await end(runner, manager, owner.sign_in_id)
    with pytest.raises(AuthorizationDenied):
        await end(runner, cook, manager.sign_in_id)
    await end(runner, manager, cook.sign_in_id)
    assert await runner.read(list_sign_ins, CAFE, cook.person_id, own_id=None, now=NOW) == []
    await runner.write(
        end_other_sign_ins,
        EndOtherSignIns(),
        identity=owner,
        command_type="end_other_sign_ins",
    )
    assert await runner.read(list_sign_ins, CAFE, owner.person_id, own_id=None, now=NOW) != []
    with database.connection_context():
        ended = [
            row.details for row in AuditEntry.select().where(AuditEntry.kind == "sign_in_ended")
        ]
    assert ended == [{"personId": cook.person_id, "endedSignIns": 1}]
