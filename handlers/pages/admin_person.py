"""/admin/people: adding people by a link, and each person's page with roles and sign-ins."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from tornado.web import HTTPError

from domain.errors import AuthorizationDenied, Conflict, TableTapError, UnprocessableInput
from domain.roles import Role
from handlers.pages.admin_people import PEOPLE, PeoplePage
from handlers.pages.management import ManagementPage
from services.cafes import read_cafe
from services.event_log import read_head
from services.invitations import (
    InvitePerson,
    KeptInvitation,
    WithdrawInvitation,
    invite_person,
    withdraw_invitation,
)
from services.memberships import ChangeRoles, change_roles
from services.opaque_secrets import hash_secret, make_secret
from services.people import list_staff
from services.sign_ins import EndedSignInsView, EndSignIn, end_one_sign_in, list_sign_ins

_Wish = TypeVar("_Wish", InvitePerson, ChangeRoles)
# Answered on the page itself.
_FAULTS = (AuthorizationDenied, Conflict, UnprocessableInput)


class InvitePage(PeoplePage):
    """POST: make an invitation; its link is on this answer and nowhere else."""

    permission = "invite_person"

    async def get(self) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(PEOPLE)

    async def post(self) -> None:
        code = make_secret()
        try:
            wish = _convert(
                {
                    "name": self.read_field("name", longest=200),
                    "email": self.read_field("email", longest=300),
                    "roles": _read_roles(self),
                },
                InvitePerson,
            )
            await self.context.runner.write(
                invite_person,
                KeptInvitation(wish=wish, code_hash=hash_secret(code)),
                identity=self.identity,
                command_type="invite_person",
            )
        except _FAULTS as error:
            self.set_status(error.status)
            await self.show_people(fault=error.message)
            return
        link = f"{self.context.settings.public_url}/join/{code}"
        await self.show_people(link=link, invited=wish.name)


class WithdrawPage(ManagementPage):
    """POST: let an invitation's link lead nowhere."""

    permission = "invite_person"

    async def post(self, invitation_id: str) -> None:
        await self.context.runner.write(
            withdraw_invitation,
            WithdrawInvitation(invitation_id=invitation_id),
            identity=self.identity,
            command_type="withdraw_invitation",
        )
        self.see_other(PEOPLE)


class PersonPage(ManagementPage):
    """Roles and sign-ins of one person. ?changed, ?ended: what has just been done."""

    permission = "change_roles"

    async def get(self, person_id: str) -> None:
        await self.show_person(person_id)

    async def show_person(self, person_id: str, *, fault: str = "") -> None:
        identity = self.identity
        found = await self.context.runner.read(
            _read_person,
            identity.cafe_id,
            person_id,
            own_id=identity.sign_in_id,
            now=self.context.now(),
        )
        if found["member"] is None:
            raise HTTPError(404)
        ended = self.get_query_argument("ended", "")
        await self.show(
            "admin_person",
            fault=fault,
            is_changed=bool(self.get_query_argument("changed", "")),
            ended=int(ended) if ended.isdecimal() and len(ended) < 5 else None,
            may_touch=Role.OWNER in identity.roles or Role.OWNER not in found["member"].roles,
            **found,
        )


class ChangeRolesPage(PersonPage):
    """POST: give a person other roles."""

    async def get(self, person_id: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(f"{PEOPLE}/{person_id}")

    async def post(self, person_id: str) -> None:
        try:
            wish = {"personId": person_id, "roles": _read_roles(self)}
            await self.context.runner.write(
                change_roles,
                _convert(wish, ChangeRoles),
                identity=self.identity,
                command_type="change_roles",
            )
        except _FAULTS as error:
            self.set_status(error.status)
            await self.show_person(person_id, fault=error.message)
            return
        self.context.on_access_changed(self.identity.cafe_id)
        self.see_other(f"{PEOPLE}/{person_id}?changed=1")


class EndSignInOfPage(PersonPage):
    """POST: end a sign-in of a person."""

    permission = "revoke_person"

    async def get(self, person_id: str, **_: str) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other(f"{PEOPLE}/{person_id}")

    async def post(self, person_id: str, sign_in_id: str) -> None:
        try:
            outcome = await self.context.runner.write(
                end_one_sign_in,
                EndSignIn(sign_in_id=sign_in_id),
                identity=self.identity,
                command_type="end_one_sign_in",
            )
        except _FAULTS as error:
            self.set_status(error.status)
            await self.show_person(person_id, fault=error.message)
            return
        self.context.on_access_changed(self.identity.cafe_id)
        ended = msgspec.json.decode(outcome.body, type=EndedSignInsView).ended_sign_ins
        self.see_other(f"{PEOPLE}/{person_id}?ended={ended}")


def _read_roles(page: ManagementPage) -> list[str]:
    values = page.request.body_arguments.get("roles", [])
    return [page.decode_argument(value, "roles") for value in values]


def _convert(wish: dict[str, Any], kind: type[_Wish]) -> _Wish:
    try:
        return msgspec.convert(wish, kind)
    except msgspec.ValidationError as error:
        raise _explain(kind) from error


def _explain(kind: type[msgspec.Struct]) -> TableTapError:
    if kind is ChangeRoles:
        return UnprocessableInput("Choose at least one role. To end all, remove the person.")
    return UnprocessableInput("Fill in a name and an e-mail address, and choose a role.")


def _read_person(
    cafe_id: str, person_id: str, *, own_id: str | None, now: datetime
) -> dict[str, Any]:
    staff = list_staff(cafe_id, now=now)
    return {
        "cafe": read_cafe(cafe_id),
        "position": read_head(cafe_id),
        "member": next((each for each in staff if each.person_id == person_id), None),
        "sign_ins": list_sign_ins(cafe_id, person_id, own_id=own_id, now=now),
    }
