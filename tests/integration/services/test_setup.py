"""A draft becomes rows, whole or not at all, on both databases."""

import json
import stat
from datetime import UTC, datetime
from itertools import count

import msgspec
import pytest

from demo.cafe import CAFE
from domain.drafts import OwnerDraft
from domain.errors import Conflict, NotFound, UnprocessableInput
from domain.identifiers import build_uuid7
from domain.roles import Role
from models.base import bind, database_proxy
from models.database import close_database, open_database
from models.menu import MenuItem, MenuItemModifierGroup, Modifier, ModifierGroup, TaxCode
from models.migrations import migrate
from models.schema import TABLES
from models.staff import Membership, Person, PersonalData
from models.tenancy import Cafe, CafeHead, CafeTable, Station
from services.demo import DemoPaths, describe_demo, prepare_demo
from services.setup import SetupContext, create_cafe, create_owner, find_cafe_id, list_cafe_ids

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
PATHS = DemoPaths(
    table="/t/{}",
    station="/kitchen/{}",
    counter="/counter",
    board="/board",
    admin="/admin",
    sign_in="/sign-in",
)


@pytest.fixture
def context():
    """Ids and codes in a known order, at a known time."""
    numbers = count(1)

    def new_id() -> str:
        return build_uuid7(unix_ms=1_777_800_000_000 + next(numbers), random_bits=next(numbers))

    return SetupContext(
        now=NOW, new_id=new_id, new_code=lambda: f"code-of-a-table-{next(numbers):08}"
    )


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, make_database):
    """A migrated database, bound and without an open connection."""
    database = open_database(make_database(request.param, filled_by=_migrate))
    bind(database)
    yield database
    close_database(database)


def _migrate(url: str) -> None:
    database = open_database(url)
    migrate(database)
    close_database(database)


def _empty(database) -> None:
    with database.connection_context():
        for table in reversed(TABLES):
            table.delete().execute()


def _hash(password: str) -> str:
    return f"hash of {password}"


def _create(context, draft=CAFE) -> str:
    cafe_id = context.new_id()
    hashes = {person.email: _hash(person.email) for person in draft.people}
    create_cafe(draft, cafe_id=cafe_id, password_hashes=hashes, context=context)
    return cafe_id


def test_a_cafe_has_every_row_of_its_draft(database, context):
    """Nothing of the draft is lost on the way."""
    cafe_id = _create(context)

    with database.connection_context():
        head = CafeHead.get(CafeHead.cafe_id == cafe_id)
        flat_white = MenuItem.get(MenuItem.name == "Flat white")
        groups = MenuItemModifierGroup.select().where(
            MenuItemModifierGroup.menu_item_id == flat_white.id
        )
        assert (head.seq, head.last_event_id) == (0, "")
        assert Station.select().count() == len(CAFE.stations)
        assert CafeTable.select().count() == len(CAFE.tables)
        assert MenuItem.select().count() == len(CAFE.menu.items)
        assert ModifierGroup.select().count() == len(CAFE.menu.groups)
        assert Modifier.select().count() == sum(len(each.options) for each in CAFE.menu.groups)
        assert TaxCode.select().count() == len(CAFE.menu.taxes)
        assert groups.count() == 5
        assert (flat_white.price_minor, flat_white.diets) == (340, ["vegetarian", "gluten_free"])


def test_people_sign_in_with_their_own_hash_and_role(database, context):
    """Each person of the draft has personal data, an account and a membership."""
    cafe_id = _create(context)

    with database.connection_context():
        rows = list(
            Person.select(Person.password_hash, PersonalData.email, Membership.role)
            .join(PersonalData, on=(PersonalData.id == Person.personal_data_id))
            .switch(Person)
            .join(Membership, on=(Membership.person_id == Person.id))
            .where(Membership.cafe_id == cafe_id)
            .tuples()
        )

    expected = {(_hash(person.email), person.email, person.role) for person in CAFE.people}
    assert set(rows) == expected


def test_a_faulty_draft_writes_nothing(database, context):
    """Faults are told before the first row."""
    faulty = msgspec.structs.replace(CAFE, stations=CAFE.stations[:1])

    with pytest.raises(UnprocessableInput) as raised:
        _create(context, faulty)

    assert raised.value.code == "faulty_draft"
    assert "cold" in raised.value.message
    assert list_cafe_ids() == []


def test_a_cafe_that_fails_half_way_leaves_no_row(database, context):
    """The second cafe's people have accounts already: all of the second cafe is undone."""
    first = _create(context)

    with pytest.raises(Conflict) as raised:
        _create(context)

    assert raised.value.code == "account_exists"
    assert list_cafe_ids() == [first]
    with database.connection_context():
        assert Station.select().count() == len(CAFE.stations)


def test_making_a_cafe_inside_a_transaction_is_undone_with_it(database, context):
    """The caller's transaction decides where there is one."""
    with database.connection_context():
        with database_proxy.atomic() as transaction:
            _create(context)
            transaction.rollback()

        assert Cafe.select().count() == 0


def test_an_owner_gets_a_cafe_of_their_own(database, context):
    """On an empty database the first owner's cafe is there with its log's head."""
    owner = OwnerDraft(name="Ana", email=" Ana@New.Example ", cafe_name="Nova")

    cafe_id = create_owner(owner, password_hash="hash", context=context)

    assert find_cafe_id("Nova") == cafe_id
    with database.connection_context():
        assert CafeHead.get(CafeHead.cafe_id == cafe_id).seq == 0
        assert Membership.get(Membership.cafe_id == cafe_id).role is Role.OWNER
        assert PersonalData.get().email == "ana@new.example"


def test_an_owner_may_join_a_cafe_that_exists(database, context):
    """A second owner does not make a second cafe."""
    cafe_id = _create(context)
    owner = OwnerDraft(name="Ana", email="ana@new.example", cafe_name=CAFE.name)

    assert create_owner(owner, password_hash="hash", context=context, cafe_id=cafe_id) == cafe_id
    assert list_cafe_ids() == [cafe_id]


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "ana"},
        {"email": "ana@"},
        {"email": "an a@new.example"},
        {"email": "a" * 250 + "@new.example"},
        {"name": " "},
        {"name": "Ana\x1b[31m"},
        {"cafe_name": ""},
        {"cafe_name": "N" * 121},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"timezone": "Mars/Base"},
        {"timezone": "../../etc/passwd"},
        {"timezone": ""},
    ],
)
def test_an_owner_that_could_not_work_is_refused(database, context, changes):
    """A clock that nobody has would fail each order, an address that is none each sign-in."""
    owner = OwnerDraft(name="Ana", email="ana@new.example", cafe_name="Nova")

    with pytest.raises(UnprocessableInput):
        create_owner(
            msgspec.structs.replace(owner, **changes), password_hash="hash", context=context
        )
    assert list_cafe_ids() == []


def test_a_cafe_that_does_not_exist_gets_no_owner(database, context):
    """An id that was mistyped is said to be one."""
    owner = OwnerDraft(name="Ana", email="ana@new.example", cafe_name="")

    with pytest.raises(NotFound):
        create_owner(owner, password_hash="hash", context=context, cafe_id=context.new_id())
    with database.connection_context():
        assert PersonalData.select().count() == 0


@pytest.mark.parametrize(("currency", "exponent"), [("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_cafe_knows_its_currencys_decimals(database, context, currency, exponent):
    """Nobody is asked for what the code of the currency says."""
    owner = OwnerDraft(name="Ana", email="ana@new.example", cafe_name="Nova", currency=currency)

    cafe_id = create_owner(owner, password_hash="hash", context=context)

    with database.connection_context():
        assert exponent == Cafe.get_by_id(cafe_id).currency_exponent


def test_an_address_that_is_taken_makes_no_second_owner(database, context):
    """Letters of the address differ in case only: still the same account."""
    _create(context)
    owner = OwnerDraft(name="H", email="HELENA@mare-alta.example", cafe_name="Other")

    with pytest.raises(Conflict):
        create_owner(owner, password_hash="hash", context=context)

    assert find_cafe_id("Other") is None


def test_the_demo_keeps_its_passwords_in_a_file_of_its_owner(database, context, tmp_path):
    """demo.json is made once, readable by nobody else, and used again."""
    first = prepare_demo(CAFE, data_dir=tmp_path, context=context, hash_password=_hash)
    again = prepare_demo(CAFE, data_dir=tmp_path, context=context, hash_password=_hash)

    path = tmp_path / "demo.json"
    assert again == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())["passwords"]) == {each.email for each in CAFE.people}
    assert len(set(first.passwords.values())) == len(CAFE.people)
    assert list_cafe_ids() == [first.cafe_id]


def test_two_demos_share_no_password(context, tmp_path, database):
    """There is no default: another folder has other passwords."""
    first = prepare_demo(CAFE, data_dir=tmp_path / "a", context=context, hash_password=_hash)
    _empty(database)

    second = prepare_demo(CAFE, data_dir=tmp_path / "b", context=context, hash_password=_hash)

    assert set(first.passwords.values()).isdisjoint(second.passwords.values())


def test_a_demo_that_was_cut_before_its_cafe_is_finished(database, context, tmp_path):
    """The file is there, the cafe is not: the promised passwords and id are used."""
    first = prepare_demo(CAFE, data_dir=tmp_path, context=context, hash_password=_hash)
    _empty(database)

    again = prepare_demo(CAFE, data_dir=tmp_path, context=context, hash_password=_hash)

    assert again == first
    assert list_cafe_ids() == [first.cafe_id]


def test_a_folder_with_somebody_elses_cafe_is_refused(database, context, tmp_path):
    """The demo never gives itself accounts in a cafe that it did not make."""
    _create(context)

    with pytest.raises(Conflict) as raised:
        prepare_demo(CAFE, data_dir=tmp_path, context=context, hash_password=_hash)

    assert raised.value.code == "not_a_demo"
    assert not (tmp_path / "demo.json").exists()


def test_the_description_has_links_and_sign_ins(database, context, tmp_path):
    """A script finds all it needs in one line of JSON."""
    credentials = prepare_demo(CAFE, data_dir=tmp_path, context=context, hash_password=_hash)

    described = describe_demo(CAFE, credentials=credentials, url="http://cafe.example", paths=PATHS)

    plain = json.loads(msgspec.json.encode(described))
    assert plain["cafeIds"] == [credentials.cafe_id]
    assert [station["slug"] for station in plain["stations"]] == ["bar", "cold", "kitchen"]
    assert plain["stations"][0]["link"] == "http://cafe.example/kitchen/bar"
    assert [table["number"] for table in plain["tables"]] == list(range(1, 13))
    assert len({table["link"] for table in plain["tables"]}) == 12
    assert plain["tables"][0]["link"].startswith("http://cafe.example/t/code-of-a-table-")
    accounts = {each["email"]: each["password"] for each in plain["accounts"]}
    assert accounts == credentials.passwords
    assert {account["role"] for account in plain["accounts"]} >= {"owner", "kitchen", "counter"}
