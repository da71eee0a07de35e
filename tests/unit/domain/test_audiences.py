"""Whom a broadcast is for: included roles, less excluded roles, less excluded people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audiences import Audience, build_audience, widen
from domain.roles import PERSON_ROLES, Identity, IdentityKind, Role

CAFE = "01890a5d-ac96-774b-bcce-b302099a8057"
_ROLES = st.frozensets(st.sampled_from(sorted(PERSON_ROLES)))


def person(*roles: Role, person_id: str = "p1") -> Identity:
    """Make somebody who works here."""
    return Identity(
        kind=IdentityKind.PERSON,
        principal=f"person:{person_id}",
        cafe_id=CAFE,
        roles=frozenset(roles),
        person_id=person_id,
    )


@given(held=_ROLES, include=_ROLES, exclude=_ROLES, is_left_out=st.booleans())
def test_recipients_are_a_set(held, include, exclude, is_left_out):
    """The rule as the specification writes it, over every combination of roles."""
    audience = build_audience(
        include=include, exclude=exclude, exclude_people=["p1"] if is_left_out else []
    )

    expected = bool(held & (include or PERSON_ROLES)) and not held & exclude and not is_left_out
    assert audience.admits(person(*held)) is expected


@given(held=_ROLES, include=_ROLES, exclude=_ROLES)
def test_whoever_is_admitted_holds_a_role_whose_room_is_told(held, include, exclude):
    """Nobody is meant and not reached."""
    audience = build_audience(include=include, exclude=exclude)

    if audience.admits(person(*held)):
        assert held & set(audience.target_roles)


def test_nothing_included_means_everybody_who_works_here():
    """As the specification says: include, or all."""
    assert build_audience().target_roles == sorted(PERSON_ROLES)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.BOARD])
def test_guests_and_boards_are_never_meant(role):
    """What staff tell each other stays with staff, whoever asks for it."""
    guest = Identity(
        kind=IdentityKind.GUEST, principal="lane:1", cafe_id=CAFE, roles=frozenset({role})
    )

    assert not build_audience().admits(guest)
    assert not build_audience().admits(person(role))
    assert not Audience(include_roles=list(Role)).admits(guest)


def test_the_sources_words_are_understood():
    """staff, management and admin stand for their roles."""
    audience = build_audience(include=["staff", "kitchen"], exclude=["admin"])

    assert audience.target_roles == [Role.COUNTER, Role.EXPO, Role.KITCHEN, Role.MANAGER]


def test_widening_takes_nobody_in_who_was_left_out():
    """More roles are told, and the excluded stay excluded."""
    audience = build_audience(include=["counter"], exclude_people=["p2"])

    widened = widen(audience, {Role.MANAGER})

    assert widened.target_roles == [Role.COUNTER, Role.MANAGER]
    assert not widened.admits(person(Role.MANAGER, person_id="p2"))
