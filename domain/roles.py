"""Roles and identities: who somebody is, in which cafe, with which rights.

Rights themselves are in `domain.permissions`; here are only the words.
"""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """Roles per cafe. `board` is a device role: a screen that shows public facts alone."""

    CUSTOMER = "customer"
    KITCHEN = "kitchen"
    EXPO = "expo"
    COUNTER = "counter"
    MANAGER = "manager"
    OWNER = "owner"
    BOARD = "board"


PERSON_ROLES = frozenset({Role.KITCHEN, Role.EXPO, Role.COUNTER, Role.MANAGER, Role.OWNER})
DEVICE_ROLES = frozenset({Role.KITCHEN, Role.EXPO, Role.COUNTER, Role.BOARD})
FLOOR_STAFF = frozenset({Role.COUNTER, Role.EXPO, Role.MANAGER, Role.OWNER})
KITCHEN_STAFF = frozenset({Role.KITCHEN, Role.EXPO, Role.MANAGER, Role.OWNER})
TILL_STAFF = frozenset({Role.COUNTER, Role.MANAGER, Role.OWNER})
MANAGEMENT = frozenset({Role.MANAGER, Role.OWNER})

# The source's words, accepted wherever roles are named (spec B2).
ROLE_ALIASES: dict[str, frozenset[Role]] = {
    "staff": FLOOR_STAFF,
    "admin": frozenset({Role.OWNER}),
    "management": MANAGEMENT,
}


class IdentityKind(StrEnum):
    """What holds the identity; decides which kind of token speaks for it."""

    PERSON = "person"
    GUEST = "guest"
    DEVICE = "device"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in one cafe, as verified from a token and re-read from the database.

    principal: the unit of limits, idempotency and "own": `person:{id}`, `lane:{id}` or
    `device:{id}`. token_id: of the token that spoke for them, or that their ticket was made with;
    None for a cookie. station_id: of a screen that stands at one. roles_since_ms: when the last of
    a person's roles was given, which a token that was narrowed to some of them cannot show.
    """

    kind: IdentityKind
    principal: str
    cafe_id: str
    roles: frozenset[Role]
    person_id: str | None = None
    sign_in_id: str | None = None
    lane_id: str | None = None
    table_session_id: str | None = None
    device_id: str | None = None
    station_id: str | None = None
    token_id: str | None = None
    roles_since_ms: int | None = None

    @property
    def is_guest(self) -> bool:
        return self.kind is IdentityKind.GUEST

    @property
    def is_device(self) -> bool:
        return self.kind is IdentityKind.DEVICE

    @property
    def reader_id(self) -> str | None:
        """Who puts a notice away: a person, or a screen that nobody is signed in on."""
        return self.person_id or self.device_id

    @property
    def role_word(self) -> str:
        """One guest-safe word for `updatedBy`: the most far-reaching role (spec B2)."""
        for role in (Role.OWNER, Role.MANAGER, Role.COUNTER, Role.EXPO, Role.KITCHEN):
            if role in self.roles:
                return role.value
        return Role.BOARD.value if self.is_device else Role.CUSTOMER.value


def expand_roles(words: list[str]) -> frozenset[Role]:
    """Turn role words, the source's aliases included, into roles.

    Raises: ValueError for a word that is neither.
    """
    roles: set[Role] = set()
    for word in words:
        roles |= ROLE_ALIASES[word] if word in ROLE_ALIASES else {Role(word)}
    return frozenset(roles)
