"""Who is recognised, as what, and when no longer; on both databases."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from config.namespaces import Namespace
from config.secrets import Secrets, SigningKey
from config.settings import Settings
from domain.errors import (
    AuthenticationFailed,
    AuthorizationDenied,
    Overloaded,
    UnprocessableInput,
)
from domain.roles import Role
from domain.rooms import Room, RoomKind
from models.audit import AuditEntry
from models.staff import Membership, Person, PersonalData, RefreshToken, SignIn
from models.tables import TableSession
from models.tenancy import Cafe
from services.authentication import Authentication, Client
from services.authentication import SignIn as SignInCommand
from services.passwords import Passwords, hash_password
from services.rooms import check_rooms
from services.sign_in_limits import TooManyAttempts
from services.tokens import TokenSigner
from tests.integration.services.conftest import (
    CAFE,
    GUEST,
    NOW,
    OTHER_CAFE,
    PERSON,
    SESSION,
    STAFF,
    TABLE,
    new_id,
)

EMAIL, PASSWORD = "ada@cafe.example", "correct horse battery"
HERE = Client(address="192.0.2.1", user_agent="till/1.0")
SIGN_IN = SignInCommand(email=EMAIL, password=PASSWORD)


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def authentication(make_runner, clock, database):
    with database.connection_context():
        Person.update(password_hash=hash_password(PASSWORD)).execute()
    passwords = Passwords()
    key = SigningKey(kid="a", key=b"k" * 48, created_at=NOW)
    secrets = Secrets(signing_keys=(key,), pepper=b"p" * 48)
    yield Authentication(
        runner=make_runner(clock=clock),
        signer=TokenSigner(secrets),
        secrets=secrets,
        settings=Settings(),
        passwords=passwords,
        now=clock,
        new_id=new_id,
    )
    passwords.close()


def change(database, query) -> None:
    with database.connection_context():
        assert query.execute() == 1


async def test_a_sign_in_is_known_by_its_secret_alone(authentication, database):
    """The database has the hash of it, and an audit entry."""
    signed_in = await authentication.sign_in(SIGN_IN, client=Client(address="192.0.2.1"))

    assert (await authentication.identify_sign_in(signed_in.secret)) == signed_in.identity
    assert signed_in.identity.roles == {Role.COUNTER}
    with database.connection_context():
        row = SignIn.get_by_id(signed_in.identity.sign_in_id)
        assert signed_in.secret not in (row.id, row.token_hash)
        assert [entry.kind for entry in AuditEntry.select()] == ["sign_in"]


async def test_an_email_address_is_known_in_any_case(authentication):
    """People type their address as they like; blanks around it are a slip."""
    command = SignInCommand(email=" ADA@Cafe.Example ", password=PASSWORD)

    assert (await authentication.sign_in(command, client=HERE)).identity.person_id == PERSON


async def test_a_password_of_weaker_settings_is_hashed_anew(authentication, database):
    """The next sign-in brings it up to date, and the password still fits."""
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    change(database, Person.update(password_hash=weak))

    await authentication.sign_in(SIGN_IN, client=HERE)

    with database.connection_context():
        assert "m=19456,t=2,p=1" in Person.get_by_id(PERSON).password_hash
    await authentication.sign_in(SIGN_IN, client=HERE)


async def test_a_connect_ticket_opens_one_socket(authentication):
    """The second use is refused, also when both come at once."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE)
    ticket = authentication.issue_connect_ticket(signed_in.identity, Namespace.COUNTER).token

    answers = await asyncio.gather(
        *(
            authentication.authenticate_socket(ticket, namespace=Namespace.COUNTER)
            for _ in range(8)
        ),
        return_exceptions=True,
    )

    recognised = [each for each in answers if not isinstance(each, BaseException)]
    assert [each.identity.principal for each in recognised] == [f"person:{PERSON}"]
    assert {each.code for each in answers if isinstance(each, AuthenticationFailed)} == {
        "ticket_used"
    }


async def test_a_ticket_ends_with_the_token_it_was_made_with(authentication):
    """Nobody keeps a way in by asking for tickets before the token is taken back."""
    token = authentication.issue_guest_token(
        cafe_id=CAFE, lane_id=GUEST.lane_id, table_session_id=SESSION
    ).token
    identity = await authentication.identify_token(token)
    tickets = [
        authentication.issue_connect_ticket(identity, Namespace.CUSTOMERS).token for _ in range(2)
    ]
    opened = await authentication.authenticate_socket(tickets[0], namespace=Namespace.CUSTOMERS)

    await authentication.revoke(token)

    for attempt in (
        authentication.authenticate_socket(tickets[1], namespace=Namespace.CUSTOMERS),
        authentication.recheck(opened.identity),
    ):
        with pytest.raises(AuthenticationFailed) as refusal:
            await attempt
        assert refusal.value.code == "revoked"


async def test_a_ticket_is_for_its_namespace_and_its_minute(authentication, clock):
    """Another namespace refuses it without using it up; after a minute all do."""
    identity = (await authentication.sign_in(SIGN_IN, client=HERE)).identity
    ticket = authentication.issue_connect_ticket(identity, Namespace.COUNTER).token

    with pytest.raises(AuthenticationFailed):
        await authentication.authenticate_socket(ticket, namespace=Namespace.ORDERS)
    clock.advance(seconds=61)
    with pytest.raises(AuthenticationFailed) as caught:
        await authentication.authenticate_socket(ticket, namespace=Namespace.COUNTER)
    assert caught.value.code == "token_expired"


async def test_only_a_ticket_may_stand_in_an_address(authentication):
    """Addresses end up in logs of others; an access token would be of use there (spec D2)."""
    identity = (await authentication.sign_in(SIGN_IN, client=HERE)).identity
    token = authentication.issue_access_token(identity).token
    ticket = authentication.issue_connect_ticket(identity, Namespace.COUNTER).token

    with pytest.raises(AuthenticationFailed):
        await authentication.authenticate_socket(token, namespace=Namespace.COUNTER, is_query=True)
    for each, is_query in ((token, False), (ticket, True)):
        recognised = await authentication.authenticate_socket(
            each, namespace=Namespace.COUNTER, is_query=is_query
        )
        assert recognised.identity.sign_in_id == identity.sign_in_id


async def test_a_board_is_a_ticket_of_one_role(authentication):
    """Whoever works here may open one; it holds nothing else of theirs."""
    identity = (await authentication.sign_in(SIGN_IN, client=HERE)).identity
    ticket = authentication.issue_connect_ticket(identity, Namespace.CUSTOMERS).token

    recognised = await authentication.authenticate_socket(ticket, namespace=Namespace.CUSTOMERS)

    assert recognised.identity.roles == {Role.BOARD}
    assert (await authentication.recheck(recognised.identity)).roles == {Role.BOARD}


@pytest.mark.parametrize("loss", ["person", "membership", "sign-in", "cafe"])
async def test_lost_rights_end_everything_at_once(authentication, database, loss):
    """Cookie, token, ticket and open sockets: all ask the database, none the token."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE)
    identity = signed_in.identity
    token = authentication.issue_access_token(identity).token
    ticket = authentication.issue_connect_ticket(identity, Namespace.COUNTER).token

    change(
        database,
        {
            "person": Person.update(disabled_at=NOW),
            "membership": Membership.delete(),
            "sign-in": SignIn.update(revoked_at=NOW).where(SignIn.id == identity.sign_in_id),
            "cafe": Cafe.update(closed_at=NOW).where(Cafe.id == CAFE),
        }[loss],
    )

    for attempt in (
        authentication.identify_sign_in(signed_in.secret),
        authentication.identify_token(token),
        authentication.authenticate_socket(ticket, namespace=Namespace.COUNTER),
        authentication.recheck(identity),
    ):
        with pytest.raises(AuthenticationFailed):
            await attempt


async def test_a_changed_role_counts_at_once(authentication, database):
    """A token never gives more than the database does, nor more than it was made with."""
    identity = (await authentication.sign_in(SIGN_IN, client=HERE)).identity
    token = authentication.issue_access_token(identity).token
    with database.connection_context():
        Membership.create(person_id=PERSON, cafe_id=CAFE, role=Role.OWNER, created_at=NOW)
    assert (await authentication.identify_token(token)).roles == {Role.COUNTER}

    change(database, Membership.delete().where(Membership.role == Role.COUNTER))
    with pytest.raises(AuthenticationFailed):
        await authentication.identify_token(token)


async def test_a_guest_is_known_until_the_table_is_closed(authentication, database):
    """The token dies with the seating; until then it is that lane's and nobody else's."""
    token = authentication.issue_guest_token(
        cafe_id=CAFE, lane_id=GUEST.lane_id, table_session_id=SESSION
    ).token
    identity = await authentication.identify_token(token)
    assert identity == msgspec.structs.replace(GUEST, token_id=identity.token_id)

    change(database, TableSession.update(closed_at=NOW).where(TableSession.id == SESSION))
    with pytest.raises(AuthenticationFailed):
        await authentication.identify_token(token)


async def test_a_sign_in_lives_while_it_is_used(authentication, clock):
    """A fortnight of silence ends it; an hour of use moves the end on."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE)
    for _ in range(4):
        clock.advance(days=10)
        await authentication.identify_sign_in(signed_in.secret)

    clock.advance(days=15)
    with pytest.raises(AuthenticationFailed):
        await authentication.identify_sign_in(signed_in.secret)


async def test_who_works_in_two_cafes_chooses(authentication, database):
    """A program says which; a page begins in the first and changes over, which ends the old."""
    with database.connection_context():
        Membership.create(person_id=PERSON, cafe_id=OTHER_CAFE, role=Role.KITCHEN, created_at=NOW)
    with pytest.raises(UnprocessableInput) as caught:
        await authentication.sign_in(SIGN_IN, client=HERE)
    cafes = {cafe["cafeId"] for cafe in (caught.value.details or {})["cafes"]}
    assert (caught.value.code, cafes) == ("cafe_required", {CAFE, OTHER_CAFE})

    first = await authentication.sign_in(SIGN_IN, client=HERE, may_choose_later=True)
    assert first.identity.cafe_id == CAFE
    second = await authentication.change_cafe(first.identity, OTHER_CAFE, client=HERE)
    assert (second.identity.cafe_id, second.identity.roles) == (OTHER_CAFE, {Role.KITCHEN})
    with pytest.raises(AuthenticationFailed):
        await authentication.identify_sign_in(first.secret)


async def test_nobody_changes_into_a_cafe_that_is_not_theirs(authentication):
    """Its id looks like any other that is not on their list."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE)

    with pytest.raises(AuthorizationDenied):
        await authentication.change_cafe(signed_in.identity, OTHER_CAFE, client=HERE)
    with pytest.raises(AuthenticationFailed):
        await authentication.sign_in(
            SignInCommand(email=EMAIL, password=PASSWORD, cafe_id=OTHER_CAFE), client=HERE
        )
    await authentication.identify_sign_in(signed_in.secret)


async def test_a_refresh_token_hands_over_to_the_next(authentication, clock, database):
    """Each is good once, the sign-in lives on with them, and the database has hashes alone."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE, is_program=True)
    tokens = [signed_in.refresh_token]
    for _ in range(4):
        clock.advance(days=10)
        refreshed = await authentication.refresh(tokens[-1], client=HERE)
        assert refreshed.identity == signed_in.identity
        tokens.append(refreshed.refresh_token)

    assert len(set(tokens)) == 5
    with database.connection_context():
        rows = list(RefreshToken.select())
        kept = {value for row in rows for value in (row.token_hash, row.rotated_by)}
    assert kept.isdisjoint(tokens)
    assert kept.isdisjoint({HERE.address, HERE.user_agent})


async def test_a_repeat_gets_the_same_successor_and_a_replay_ends_the_sign_in(
    authentication, clock, database
):
    """Requirement A3: at 5 s the answer that was lost, at 60 s the end, and a fact of the audit."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE, is_program=True)
    first = signed_in.refresh_token
    refreshed = await authentication.refresh(first, client=HERE)

    clock.advance(seconds=5)
    repeated = await authentication.refresh(first, client=HERE)
    assert repeated.refresh_token == refreshed.refresh_token

    clock.advance(seconds=55)
    with pytest.raises(AuthenticationFailed) as replay:
        await authentication.refresh(first, client=HERE)
    assert replay.value.code == "refresh_token_reused"
    for attempt in (
        authentication.refresh(refreshed.refresh_token, client=HERE),
        authentication.recheck(signed_in.identity),
    ):
        with pytest.raises(AuthenticationFailed) as ended:
            await attempt
        assert ended.value.code == "signed_out"
    with database.connection_context():
        facts = [entry.kind for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert facts == ["sign_in", "refresh_token_reused"]


@pytest.mark.parametrize(
    "thief",
    [Client(address="203.0.113.9", user_agent="till/1.0"), Client(address=HERE.address)],
    ids=["elsewhere", "another-program"],
)
async def test_another_client_has_no_second_try(authentication, thief):
    """Whoever has copied a token does not get its successor, and nobody keeps the sign-in."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE, is_program=True)
    refreshed = await authentication.refresh(signed_in.refresh_token, client=HERE)

    for token, client in ((signed_in.refresh_token, thief), (refreshed.refresh_token, HERE)):
        with pytest.raises(AuthenticationFailed):
            await authentication.refresh(token, client=client)


async def test_refreshing_at_once_hands_over_once(authentication, database):
    """A program that asks twice at the same moment has one successor, not two families."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE, is_program=True)

    answers = await asyncio.gather(
        *(authentication.refresh(signed_in.refresh_token, client=HERE) for _ in range(8))
    )

    assert len({each.refresh_token for each in answers}) == 1
    with database.connection_context():
        assert RefreshToken.select().count() == 2


async def test_kinds_of_tokens_do_not_stand_in_for_each_other(authentication):
    """Requirement A2: each is refused where another belongs."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE, is_program=True)
    identity = signed_in.identity
    access = authentication.issue_access_token(identity).token
    ticket = authentication.issue_connect_ticket(identity, Namespace.COUNTER).token
    guest = authentication.issue_guest_token(
        cafe_id=CAFE, lane_id=GUEST.lane_id, table_session_id=SESSION
    ).token

    misuses = [authentication.refresh(each, client=HERE) for each in (access, ticket, guest)]
    misuses += [authentication.refresh(signed_in.secret, client=HERE)]
    misuses += [
        authentication.identify_token(each)
        for each in (ticket, signed_in.refresh_token, signed_in.secret)
    ]
    misuses += [
        authentication.identify_sign_in(each)
        for each in (access, ticket, guest, signed_in.refresh_token)
    ]
    misuses += [
        authentication.authenticate_socket(each, namespace=Namespace.COUNTER)
        for each in (signed_in.refresh_token, signed_in.secret)
    ]
    outcomes = await asyncio.gather(*misuses, return_exceptions=True)

    assert all(isinstance(each, AuthenticationFailed) for each in outcomes), outcomes


async def test_a_browser_has_no_refresh_token(authentication, database):
    """Its cookie does; nothing is made that nobody is given."""
    signed_in = await authentication.sign_in(SIGN_IN, client=HERE)

    assert signed_in.refresh_token is None
    with database.connection_context():
        assert RefreshToken.select().count() == 0


async def test_guessing_is_slowed_down_per_account_and_address(authentication, clock):
    """Waits double; the same person elsewhere is not held up; a right password starts afresh."""
    wrong = SignInCommand(email=EMAIL, password="wrong")
    waits = []
    for _ in range(9):
        try:
            await authentication.sign_in(wrong, client=Client(address="guesser"))
        except AuthenticationFailed:
            waits.append(0)
        except TooManyAttempts as error:
            waits.append(error.retry_after_s or 0)
            clock.advance(seconds=waits[-1])
    assert waits == [0, 0, 0, 0, 0, 1, 0, 2, 0]

    await authentication.sign_in(SIGN_IN, client=Client(address="elsewhere"))
    clock.advance(seconds=10)
    await authentication.sign_in(SIGN_IN, client=Client(address="guesser"))
    with pytest.raises(AuthenticationFailed):
        await authentication.sign_in(wrong, client=Client(address="guesser"))


async def test_a_fault_of_ours_is_no_wrong_password(authentication, monkeypatch):
    """Whoever tries again and again while the server cannot look is let in once it can."""

    async def refuse(*_):
        raise Overloaded("Too many people are signing in. Try again shortly.")

    with monkeypatch.context() as patch:
        patch.setattr(authentication._passwords, "verify", refuse)
        for _ in range(8):
            with pytest.raises(Overloaded):
                await authentication.sign_in(SIGN_IN, client=HERE)

    assert (await authentication.sign_in(SIGN_IN, client=HERE)).identity.person_id == PERSON


async def test_erased_people_do_not_sign_in(authentication, database):
    """Without an address there is nothing to sign in with, and no error either."""
    change(database, PersonalData.update(email=None, name=""))

    with pytest.raises(AuthenticationFailed):
        await authentication.sign_in(SIGN_IN, client=HERE)


async def test_rooms_are_checked_by_right_and_by_row(make_runner):
    """What is of another cafe, another seating or nowhere is left out, and looks alike."""
    runner = make_runner()
    mine = [
        Room(CAFE, RoomKind.CAFE),
        Room(CAFE, RoomKind.TABLE, "1"),
        Room(CAFE, RoomKind.SESSION, SESSION),
    ]
    others = [
        Room(OTHER_CAFE, RoomKind.CAFE),
        Room(CAFE, RoomKind.TABLE, "2"),
        Room(CAFE, RoomKind.SESSION, new_id()),
        Room(CAFE, RoomKind.ORDER, new_id()),
        Room(CAFE, RoomKind.STATION, TABLE),
        Room(CAFE, RoomKind.DEVICE, new_id()),
        Room(CAFE, RoomKind.MANAGEMENT),
    ]

    assert await runner.read(check_rooms, STAFF, [*others, *mine]) == mine
    assert await runner.read(check_rooms, GUEST, [*others, *mine]) == [mine[2]]
    elsewhere = GUEST.__class__(
        **{name: getattr(GUEST, name) for name in GUEST.__struct_fields__}
        | {"table_session_id": new_id()}
    )
    assert await runner.read(check_rooms, elsewhere, mine) == []
