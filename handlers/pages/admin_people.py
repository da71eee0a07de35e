"""/admin/people: who works here, what they have open, and taking their access back."""

from datetime import datetime
from typing import Any

import msgspec

from handlers.connected import build_connected
from handlers.pages.management import ManagementPage
from services.cafes import read_cafe
from services.event_log import read_head
from services.invitations import list_invitations
from services.people import list_staff
from services.revocation import (
    RevokedView,
    RevokeEverybody,
    RevokePerson,
    revoke_everybody,
    revoke_person,
)
from services.shifts import EndShift, end_shift, list_shifts

PEOPLE = "/admin/people"


class PeoplePage(ManagementPage):
    """Everybody with a role here. ?ended, ?of: what has just been taken back, and whose."""

    permission = "list_connections"

    async def get(self) -> None:
        await self.show_people()

    async def show_people(self, *, fault: str = "", link: str = "", invited: str = "") -> None:
        """link, invited: of an invitation that has just been made, and of whom."""
        context, cafe_id = self.context, self.identity.cafe_id
        found = await context.runner.read(_read_page, cafe_id, now=context.now())
        records = await context.presence.get_active_connections(cafe_id)
        is_complete = context.presence.is_complete
        ended = self.get_query_argument("ended", "")
        await self.show(
            "admin_people",
            connected=build_connected(found.pop("staff"), records, is_complete=is_complete),
            my_id=self.identity.person_id,
            ended=int(ended) if ended.isdecimal() and len(ended) < 5 else None,
            fault=fault,
            link=link,
            invited=invited,
            ended_of=self.get_query_argument("of", ""),
            **found,
        )


class _Revoke(ManagementPage):
    """What follows a form that takes access back."""

    def confirm(self, body: bytes, *, of: str) -> None:
        """Tell the other processes, and go back to the list, which says what was ended."""
        self.context.on_access_changed(self.identity.cafe_id)
        revoked = msgspec.json.decode(body, type=RevokedView)
        self.see_other(f"{PEOPLE}?ended={revoked.ended_sign_ins}&of={of}")


class RevokePersonPage(_Revoke):
    """POST: end somebody's sign-ins, and where asked for remove their roles."""

    permission = "revoke_person"

    async def post(self, person_id: str) -> None:
        removes = self.read_field("remove_roles", longest=3, default="") == "yes"
        outcome = await self.context.runner.write(
            revoke_person,
            RevokePerson(person_id=person_id, remove_roles=removes),
            identity=self.identity,
            command_type="revoke_person",
        )
        self.confirm(outcome.body, of=person_id)


class EndShiftPage(ManagementPage):
    """POST: end a shift that somebody forgot to end."""

    permission = "end_shift"

    async def post(self, shift_id: str) -> None:
        await self.context.runner.write(
            end_shift,
            EndShift(shift_id=shift_id),
            identity=self.identity,
            command_type="end_shift",
        )
        self.see_other(f"{PEOPLE}#shifts")


class RevokeEverybodyPage(_Revoke):
    """POST: end every sign-in but the one that asks."""

    permission = "revoke_everybody"

    async def post(self) -> None:
        outcome = await self.context.runner.write(
            revoke_everybody,
            RevokeEverybody(),
            identity=self.identity,
            command_type="revoke_everybody",
        )
        self.confirm(outcome.body, of="everybody")


def _read_page(cafe_id: str, *, now: datetime) -> dict[str, Any]:
    return {
        "cafe": read_cafe(cafe_id),
        "position": read_head(cafe_id),
        "staff": list_staff(cafe_id, now=now),
        "invitations": list_invitations(cafe_id, now=now),
        "shifts": list_shifts(cafe_id, now=now),
    }
