"""Make a cafe out of a draft, and its first owner: what has to exist before anybody signs in.

tabletap.py calls these from the command line (`demo`, `create-owner`) and tests do to have a
cafe; no request ever does. Each function is one transaction of its own, or part of the caller's.
Tables must be there (`migrate`). Passwords arrive hashed: services/authentication.py knows how.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import msgspec

from domain.drafts import (
    CafeDraft,
    MenuDraft,
    OwnerDraft,
    PersonDraft,
    list_draft_faults,
    list_owner_faults,
)
from domain.errors import Conflict, NotFound, UnprocessableInput
from domain.identifiers import NewId
from domain.money import find_currency_exponent
from domain.payments import COUNTER_REFUND_LIMIT_MINOR
from domain.roles import Role
from models.base import database_proxy
from models.menu import (
    MenuCategory,
    MenuItem,
    MenuItemModifierGroup,
    Modifier,
    ModifierGroup,
    TaxCode,
)
from models.payments import CafePaymentRules
from models.staff import Membership, Person, PersonalData
from models.tenancy import Cafe, CafeTable, Station
from services.audit_chain import NewFact, append_facts, create_audit_head
from services.event_log import create_head


class SetupContext(msgspec.Struct, frozen=True, kw_only=True):
    """What making rows takes from outside. new_code: an unguessable text for a table's QR."""

    now: datetime
    new_id: NewId
    new_code: Callable[[], str]


def create_cafe(
    draft: CafeDraft,
    *,
    cafe_id: str,
    password_hashes: Mapping[str, str],
    context: SetupContext,
) -> None:
    """Write a whole cafe: its head, stations, tables, people and menu.

    cafe_id: made by the caller, who may have promised it already. password_hashes: by e-mail
    address, one for each person of the draft.

    Raises:
        UnprocessableInput: the draft refers to something it does not have.
        Conflict: somebody of the draft has an account already.
    """
    _refuse(list_draft_faults(draft))
    with _transaction():
        _write_cafe(draft, cafe_id, context)
        station_ids = _write_stations(draft, cafe_id, context)
        _write_tables(draft, cafe_id, context)
        for person in draft.people:
            _write_person(person, cafe_id, password_hashes[person.email], context)
        _write_menu(draft.menu, cafe_id, station_ids, context)
        _write_audit("cafe_created", cafe_id, {"cafeId": cafe_id}, context)


def create_owner(
    owner: OwnerDraft, *, password_hash: str, context: SetupContext, cafe_id: str | None = None
) -> str:
    """Write an owner, with a cafe of their own or into one that exists; return the cafe's id.

    Raises:
        UnprocessableInput: nobody could sign in, or no order be placed, with what the draft says.
        NotFound: there is no cafe of this id.
        Conflict: somebody has an account with this e-mail address.
    """
    _refuse(list_owner_faults(owner, has_cafe=cafe_id is not None))
    person = PersonDraft(name=owner.name, email=owner.email, role=Role.OWNER)
    with _transaction():
        if cafe_id is None:
            cafe_id = context.new_id()
            _write_cafe(_build_empty_cafe(owner), cafe_id, context)
            _write_audit("cafe_created", cafe_id, {"cafeId": cafe_id}, context)
        elif Cafe.get_or_none(Cafe.id == cafe_id, Cafe.closed_at.is_null()) is None:
            raise NotFound("There is no open cafe of this id.")
        person_id = _write_person(person, cafe_id, password_hash, context)
        _write_audit("owner_created", cafe_id, {"personId": person_id}, context)
    return cafe_id


@contextmanager
def connected() -> Iterator[None]:
    """Use the caller's connection where there is one; else open one and close it again."""
    if database_proxy.is_closed():
        with database_proxy.connection_context():
            yield
    else:
        yield


def find_cafe_id(name: str) -> str | None:
    """Find a cafe by its exact name; the oldest where several have it."""
    with connected():
        row = Cafe.select(Cafe.id).where(Cafe.name == name).order_by(Cafe.id).first()
    return None if row is None else row.id


def list_cafe_ids() -> list[str]:
    """List all cafes, oldest first."""
    with connected():
        return [row.id for row in Cafe.select(Cafe.id).order_by(Cafe.id)]


def _refuse(faults: list[str]) -> None:
    if faults:
        raise UnprocessableInput(" ".join(faults), code="faulty_draft", details={"faults": faults})


@contextmanager
def _transaction() -> Iterator[None]:
    with connected(), database_proxy.atomic():
        yield


def _build_empty_cafe(owner: OwnerDraft) -> CafeDraft:
    return CafeDraft(
        name=owner.cafe_name,
        currency=owner.currency,
        currency_exponent=find_currency_exponent(owner.currency),
        timezone=owner.timezone,
        stations=(),
        tables=(),
        people=(),
        menu=MenuDraft(taxes=(), groups=(), categories=()),
    )


def _write_cafe(draft: CafeDraft, cafe_id: str, context: SetupContext) -> None:
    Cafe.create(
        id=cafe_id,
        name=draft.name,
        currency=draft.currency,
        currency_exponent=draft.currency_exponent,
        timezone=draft.timezone,
        locale=draft.locale,
        prices_include_tax=draft.prices_include_tax,
        business_day_cutoff_minutes=draft.business_day_cutoff_minutes,
        approve_first_order=draft.approve_first_order,
        holds_in_grace=draft.holds_in_grace,
        created_at=context.now,
    )
    CafePaymentRules.create(
        cafe_id=cafe_id,
        accepts_sandbox=draft.accepts_sandbox,
        counter_refund_limit_minor=COUNTER_REFUND_LIMIT_MINOR,
    )
    create_head(cafe_id, epoch=context.new_id())
    create_audit_head(cafe_id)


def _write_stations(draft: CafeDraft, cafe_id: str, context: SetupContext) -> dict[str, str]:
    """Write the stations and return their ids by slug."""
    station_ids = {station.slug: context.new_id() for station in draft.stations}
    for position, station in enumerate(draft.stations):
        Station.create(
            id=station_ids[station.slug],
            cafe_id=cafe_id,
            name=station.name,
            slug=station.slug,
            target_s=station.target_s,
            position=position,
        )
    return station_ids


def _write_tables(draft: CafeDraft, cafe_id: str, context: SetupContext) -> None:
    for table in draft.tables:
        CafeTable.create(
            id=context.new_id(),
            cafe_id=cafe_id,
            number=table.number,
            label=table.label,
            area=table.area,
            seats=table.seats,
            code=context.new_code(),
        )


def _write_person(
    person: PersonDraft, cafe_id: str, password_hash: str, context: SetupContext
) -> str:
    email = person.email.strip().lower()
    if PersonalData.get_or_none(PersonalData.email == email) is not None:
        raise Conflict(
            "Somebody has an account with this e-mail address already. Use another address.",
            code="account_exists",
        )
    personal_data_id, person_id = context.new_id(), context.new_id()
    PersonalData.create(id=personal_data_id, name=person.name, email=email)
    Person.create(
        id=person_id,
        personal_data_id=personal_data_id,
        password_hash=password_hash,
        created_at=context.now,
    )
    Membership.create(
        cafe_id=cafe_id, person_id=person_id, role=person.role, created_at=context.now
    )
    return person_id


def _write_menu(
    menu: MenuDraft, cafe_id: str, station_ids: Mapping[str, str], context: SetupContext
) -> None:
    tax_ids = _write_taxes(menu, cafe_id, context)
    group_ids = _write_groups(menu, cafe_id, context)
    for category_position, category in enumerate(menu.categories):
        category_id = context.new_id()
        MenuCategory.create(
            id=category_id, cafe_id=cafe_id, name=category.name, position=category_position
        )
        for position, item in enumerate(category.items):
            item_id = context.new_id()
            MenuItem.create(
                id=item_id,
                cafe_id=cafe_id,
                category_id=category_id,
                station_id=station_ids[item.station],
                tax_code_id=tax_ids[item.tax_code],
                name=item.name,
                kitchen_name=item.kitchen_name,
                description=item.description,
                price_minor=item.price_minor,
                prep_s=item.prep_s,
                plate=item.plate,
                allergens=list(item.allergens),
                diets=list(item.diets),
                position=position,
            )
            for group_position, key in enumerate(item.groups):
                MenuItemModifierGroup.create(
                    menu_item_id=item_id,
                    modifier_group_id=group_ids[key],
                    position=group_position,
                )


def _write_taxes(menu: MenuDraft, cafe_id: str, context: SetupContext) -> dict[str, str]:
    """Write the tax codes and return their ids by code."""
    tax_ids = {tax.code: context.new_id() for tax in menu.taxes}
    for tax in menu.taxes:
        TaxCode.create(
            id=tax_ids[tax.code],
            cafe_id=cafe_id,
            code=tax.code,
            name=tax.name,
            rate_ppm=tax.rate_ppm,
        )
    return tax_ids


def _write_groups(menu: MenuDraft, cafe_id: str, context: SetupContext) -> dict[str, str]:
    """Write the modifier groups with their options and return the groups' ids by key."""
    group_ids = {group.key: context.new_id() for group in menu.groups}
    for group in menu.groups:
        ModifierGroup.create(
            id=group_ids[group.key],
            cafe_id=cafe_id,
            name=group.name,
            is_required=group.is_required,
            minimum=group.minimum,
            maximum=group.maximum,
        )
        for position, option in enumerate(group.options):
            Modifier.create(
                id=context.new_id(),
                cafe_id=cafe_id,
                modifier_group_id=group_ids[group.key],
                name=option.name,
                kitchen_name=option.kitchen_name,
                price_minor=option.price_minor,
                is_default=option.is_default,
                is_removal=option.is_removal,
                allergens=list(option.allergens),
                position=position,
            )
    return group_ids


def _write_audit(kind: str, cafe_id: str, details: dict[str, str], context: SetupContext) -> None:
    append_facts([NewFact(cafe_id, context.now, kind, "system", details)], new_id=context.new_id)
