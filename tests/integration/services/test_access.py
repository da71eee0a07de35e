"""Rights are what the database says now, whatever a token still carries."""

from datetime import timedelta

import msgspec
import pytest

from domain.errors import AuthenticationFailed
from domain.roles import Role
from models.staff import Membership, Person, RevokedToken, SignIn
from models.tables import TableSession
from models.tenancy import Cafe
from services.access import recheck_identity
from tests.integration.services.conftest import (
    CAFE,
    GUEST,
    LANE,
    NOW,
    OTHER_CAFE,
    PERSON,
    SESSION,
    SIGN_IN,
    STAFF,
    new_id,
    record_number,
)

TOKEN = new_id()


@pytest.fixture
def connected(database):
    """Keep a connection open for the test's own queries."""
    with database.connection_context():
        yield database


def with_roles(*roles: Role):
    """The person's identity as a token with these roles carries it."""
    return msgspec.structs.replace(STAFF, roles=frozenset(roles))


@pytest.mark.usefixtures("connected")
def test_who_still_is_who_they_were_passes():
    """A person with their role and a guest of an open table are as their tokens say."""
    assert recheck_identity(STAFF, now=NOW) == STAFF
    assert recheck_identity(GUEST, now=NOW) == GUEST


@pytest.mark.usefixtures("connected")
def test_a_role_that_was_taken_away_is_gone():
    """The token's other roles stay; nobody gains one that the token does not carry."""
    Membership.create(person_id=PERSON, cafe_id=CAFE, role=Role.KITCHEN, created_at=NOW)
    carried = with_roles(Role.COUNTER, Role.KITCHEN, Role.OWNER)

    assert recheck_identity(carried, now=NOW).roles == {Role.COUNTER, Role.KITCHEN}
    assert recheck_identity(STAFF, now=NOW).roles == {Role.COUNTER}
    with pytest.raises(AuthenticationFailed):
        recheck_identity(with_roles(Role.MANAGER), now=NOW)


@pytest.mark.usefixtures("connected")
def test_a_token_narrowed_to_a_board_stays_a_board():
    """Whoever works here may show public facts, and no more than those."""
    assert recheck_identity(with_roles(Role.BOARD), now=NOW).roles == {Role.BOARD}


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    "end",
    [
        lambda: SignIn.update(revoked_at=NOW).where(SignIn.id == SIGN_IN),
        lambda: SignIn.update(expires_at=NOW).where(SignIn.id == SIGN_IN),
        lambda: SignIn.update(cafe_id=OTHER_CAFE).where(SignIn.id == SIGN_IN),
        lambda: SignIn.delete().where(SignIn.id == SIGN_IN),
    ],
)
def test_a_sign_in_that_ended_needs_a_new_one(end):
    """Signed out, timed out, of another cafe, or gone."""
    end().execute()

    with pytest.raises(AuthenticationFailed):
        recheck_identity(STAFF, now=NOW)


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    "end",
    [
        lambda: Membership.delete(),
        lambda: Person.update(disabled_at=NOW),
        lambda: Cafe.update(closed_at=NOW).where(Cafe.id == CAFE),
    ],
)
def test_a_person_who_was_removed_is_refused(end):
    """Removed from the cafe, disabled, or the cafe is closed: a new sign-in does not help."""
    end().execute()

    with pytest.raises(AuthenticationFailed):
        recheck_identity(STAFF, now=NOW)


@pytest.mark.usefixtures("connected")
def test_a_person_has_no_rights_in_another_cafe():
    """Membership is per cafe."""
    elsewhere = msgspec.structs.replace(STAFF, cafe_id=OTHER_CAFE)

    with pytest.raises(AuthenticationFailed):
        recheck_identity(elsewhere, now=NOW)


@pytest.mark.usefixtures("connected")
def test_a_guest_ends_with_the_seating():
    """A closed table, and a lane that is none of the cafe's, are no way in."""
    strangers = [
        msgspec.structs.replace(GUEST, lane_id=SESSION),
        msgspec.structs.replace(GUEST, cafe_id=OTHER_CAFE),
    ]
    for stranger in strangers:
        with pytest.raises(AuthenticationFailed):
            recheck_identity(stranger, now=NOW)
    # Two tables may have been put together: the lane says where its guest sits, not the token.
    moved = msgspec.structs.replace(GUEST, table_session_id=LANE)
    assert recheck_identity(moved, now=NOW).table_session_id == SESSION

    TableSession.update(closed_at=NOW).where(TableSession.id == SESSION).execute()
    with pytest.raises(AuthenticationFailed):
        recheck_identity(GUEST, now=NOW)


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("identity", [STAFF, GUEST])
def test_a_token_that_was_taken_back_speaks_for_nobody(identity):
    """Whoever came in with it is out, also over a socket that stands; other tokens go on."""
    RevokedToken.create(jti=TOKEN, cafe_id=CAFE, revoked_at=NOW, expires_at=NOW)
    with_token = msgspec.structs.replace(identity, token_id=TOKEN)

    with pytest.raises(AuthenticationFailed) as refusal:
        recheck_identity(with_token, now=NOW)
    assert refusal.value.code == "revoked"
    assert identity == recheck_identity(identity, now=NOW)


async def test_every_unit_asks_again(database, make_runner):
    """The operation sees what is held now, and a replay is refused to who was signed out."""
    runner = make_runner()

    def see(unit, _):
        return sorted(unit.identity.roles)

    carried = with_roles(Role.COUNTER, Role.OWNER)
    seen = await runner.write(see, None, command_type="see", identity=carried)
    assert seen.body == b'["counter"]'
    command = {"command_type": "test", "identity": STAFF, "command_id": "one"}
    await runner.write(record_number, 1, **command)

    with database.connection_context():
        SignIn.update(revoked_at=NOW - timedelta(minutes=1)).execute()

    with pytest.raises(AuthenticationFailed):
        await runner.write(record_number, 1, **command)
    with pytest.raises(AuthenticationFailed):
        await runner.write(record_number, 2, command_type="test", identity=STAFF)
