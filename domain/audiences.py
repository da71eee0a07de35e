"""Audiences: whom a broadcast within a cafe is for, as a set (spec B5).

An audience travels with its event in the log, so live delivery, replay and snapshot ask the same
question of the same data: `admits`.
"""

from collections.abc import Iterable

import msgspec

from domain.roles import PERSON_ROLES, Identity, Role, expand_roles


class Audience(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Holders of included roles, less holders of excluded roles, less excluded people.

    include_roles, exclude_roles: in a fixed order. exclude_people: person ids.
    """

    include_roles: list[Role]
    exclude_roles: list[Role] = []
    exclude_people: list[str] = []

    @property
    def target_roles(self) -> list[Role]:
        """The roles of which somebody may be reached: their rooms are told."""
        return [role for role in self.include_roles if role not in self.exclude_roles]

    def admits(self, identity: Identity) -> bool:
        """Say whether somebody is meant; guests and public boards never are."""
        return (
            identity.person_id is not None
            and identity.person_id not in self.exclude_people
            and identity.roles.isdisjoint(self.exclude_roles)
            and not identity.roles.isdisjoint(self.include_roles)
        )


def build_audience(
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    exclude_people: Iterable[str] = (),
) -> Audience:
    """Make an audience of role words, the source's aliases included.

    include: nothing means everybody who works in the cafe.
    """
    included = expand_roles(list(include)) or PERSON_ROLES
    return Audience(
        include_roles=sorted(included & PERSON_ROLES),
        exclude_roles=sorted(expand_roles(list(exclude)) & PERSON_ROLES),
        exclude_people=sorted(set(exclude_people)),
    )


def widen(audience: Audience, roles: Iterable[Role]) -> Audience:
    """Include further roles; who was left out stays left out."""
    included = {*audience.include_roles, *roles}
    return msgspec.structs.replace(audience, include_roles=sorted(included))
