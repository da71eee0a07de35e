"""People, what they may do where, and their sign-ins. Personal data has a row of its own."""

from peewee import CompositeKey

from domain.roles import Role
from models.base import Table
from models.fields import (
    check,
    condition,
    id_field,
    integer_field,
    json_field,
    reference_field,
    text_field,
    timestamp_field,
    word_field,
)
from models.tenancy import Cafe, Device


class PersonalData(Table):
    """What says who somebody is. Others refer to it, so that erasing it erases it everywhere.

    email: lower case, what a person signs in with; null for those who do not sign in.
    """

    id = id_field(primary_key=True)
    name = text_field(120, default="")
    email = text_field(254, null=True, unique=True)
    phone = text_field(40, default="")
    erased_at = timestamp_field(null=True)

    class Meta:
        table_name = "personal_data"
        constraints = (check("personal_data_email", "email = lower(email)"),)


class Person(Table):
    """Somebody who signs in. Rights come from memberships, never from here."""

    id = id_field(primary_key=True)
    personal_data_id = reference_field(PersonalData, unique=True)
    password_hash = text_field(255)
    created_at = timestamp_field()
    disabled_at = timestamp_field(null=True)

    class Meta:
        table_name = "person"


class Membership(Table):
    """One role of one person in one cafe."""

    cafe_id = reference_field(Cafe)
    person_id = reference_field(Person)
    role = word_field(Role)
    created_at = timestamp_field()

    class Meta:
        table_name = "membership"
        # Rights are read by (person, cafe) on every command: the key begins with them.
        primary_key = CompositeKey("person_id", "cafe_id", "role")
        indexes = ((("cafe_id",), False),)
        constraints = (
            check("membership_role", "role IN ('kitchen', 'expo', 'counter', 'manager', 'owner')"),
        )


class PersonPin(Table):
    """A person's PIN in a cafe: argon2id over it and a pepper that is in no database."""

    cafe_id = reference_field(Cafe)
    person_id = reference_field(Person)
    pin_hash = text_field(255)
    changed_at = timestamp_field()

    class Meta:
        table_name = "person_pin"
        primary_key = CompositeKey("cafe_id", "person_id")


class PinFailure(Table):
    """Wrong PINs in a row, of one person at one screen; none after a right one."""

    device_id = reference_field(Device)
    person_id = reference_field(Person)
    cafe_id = reference_field(Cafe)
    count = integer_field()
    last_at = timestamp_field()

    class Meta:
        table_name = "pin_failure"
        primary_key = CompositeKey("device_id", "person_id")
        constraints = (check("pin_failure_count", "count >= 1"),)


class ConsentRow(Table):
    """A manager's consent to one act on one order, given by PIN; used once, or never.

    asked_by: the principal it was given to.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    person_id = reference_field(Person)
    asked_by = text_field(60)
    act = text_field(40)
    order_id = id_field()
    given_at = timestamp_field()
    expires_at = timestamp_field()
    used_at = timestamp_field(null=True)

    class Meta:
        table_name = "consent"
        indexes = ((("expires_at",), False),)


class Shift(Table):
    """When somebody worked, as they said themselves; ended_by: who ended it, them or a manager."""

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    person_id = reference_field(Person)
    started_at = timestamp_field()
    ended_at = timestamp_field(null=True)
    ended_by_id = reference_field(Person, null=True)

    class Meta:
        table_name = "shift"
        indexes = ((("cafe_id", "started_at"), False),)
        constraints = (check("shift_times", "ended_at IS NULL OR ended_at >= started_at"),)


# Somebody works one shift at a time.
Shift.add_index(
    Shift.index(
        Shift.cafe_id,
        Shift.person_id,
        unique=True,
        where=condition("ended_at IS NULL"),
        name="shift_open",
    )
)


class SignIn(Table):
    """A person's session in one cafe. token_hash: SHA-256 of the opaque id in their cookie.

    client: what it was begun with, as far as that said so: "Chrome on Android", "a program".
    device_id: of the paired screen that somebody came to by PIN; such a sign-in is not prolonged.
    """

    id = id_field(primary_key=True)
    token_hash = text_field(64, unique=True)
    person_id = reference_field(Person)
    cafe_id = reference_field(Cafe)
    created_at = timestamp_field()
    expires_at = timestamp_field()
    last_seen_at = timestamp_field()
    revoked_at = timestamp_field(null=True)
    client = text_field(60, default="")
    device_id = reference_field(Device, null=True)

    class Meta:
        table_name = "sign_in"
        indexes = (
            (("person_id", "cafe_id"), False),
            (("expires_at",), False),
            (("device_id",), False),
        )


class Invitation(Table):
    """A link that lets somebody work in a cafe, by the SHA-256 of its code.

    ended_at: when it was taken up, withdrawn or followed by another.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    code_hash = text_field(64, unique=True)
    personal_data_id = reference_field(PersonalData)
    roles = json_field(list[Role])
    created_at = timestamp_field()
    expires_at = timestamp_field()
    ended_at = timestamp_field(null=True)

    class Meta:
        table_name = "invitation"
        indexes = (
            (("cafe_id",), False),
            (("personal_data_id",), False),
            (("expires_at",), False),
        )


class RefreshToken(Table):
    """A refresh token of a sign-in, by its SHA-256; it holds as long as its sign-in.

    rotated_at: when its successor took its place; rotated_by: a keyed hash of who had asked.
    """

    token_hash = text_field(64, primary_key=True)
    cafe_id = reference_field(Cafe)
    sign_in_id = reference_field(SignIn)
    created_at = timestamp_field()
    rotated_at = timestamp_field(null=True)
    rotated_by = text_field(64, null=True)

    class Meta:
        table_name = "refresh_token"
        indexes = ((("sign_in_id",), False),)
        constraints = (
            check("refresh_token_rotated", "(rotated_at IS NULL) = (rotated_by IS NULL)"),
        )


class RevokedToken(Table):
    """A token that ended before its time, remembered until it would have ended by itself."""

    jti = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    revoked_at = timestamp_field()
    expires_at = timestamp_field()

    class Meta:
        table_name = "revoked_token"
        indexes = ((("expires_at",), False),)


class UsedTicket(Table):
    """A connect ticket that was used: the row's key is what makes it one-use."""

    jti = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    used_at = timestamp_field()
    expires_at = timestamp_field()

    class Meta:
        table_name = "used_ticket"
        indexes = ((("expires_at",), False),)
