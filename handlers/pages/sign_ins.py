"""/sign-ins: where one is signed in oneself, and ending that."""

import msgspec

from domain.roles import Identity
from handlers.page import StaffPage
from services.cafes import read_cafe
from services.sign_ins import (
    EndedSignInsView,
    EndOtherSignIns,
    EndSignIn,
    end_one_sign_in,
    end_other_sign_ins,
    list_sign_ins,
)

_SIGN_INS = "/sign-ins"


class SignInsPage(StaffPage):
    """One's own sign-ins in this cafe. ?ended: how many have just been ended."""

    permission = "list_sign_ins"

    def authorize(self, identity: Identity) -> None:
        super().authorize(identity)
        if identity.person_id is None:
            self.see_other("/displays")  # a screen by itself has a pairing and no sign-in

    async def get(self) -> None:
        identity, runner = self.identity, self.context.runner
        cafe = await runner.read(read_cafe, identity.cafe_id)
        found = await runner.read(
            list_sign_ins,
            identity.cafe_id,
            identity.person_id,
            own_id=identity.sign_in_id,
            now=self.context.now(),
        )
        self.time_zone = cafe.timezone
        ended = self.get_query_argument("ended", "")
        self.render_page(
            "sign_ins",
            cafe_name=cafe.name,
            sign_ins=found,
            ended=int(ended) if ended.isdecimal() and len(ended) < 5 else None,
        )


class EndSignInPage(StaffPage):
    """POST: end one."""

    permission = "end_sign_in"

    async def post(self, sign_in_id: str) -> None:
        outcome = await self.context.runner.write(
            end_one_sign_in,
            EndSignIn(sign_in_id=sign_in_id),
            identity=self.identity,
            command_type="end_one_sign_in",
        )
        self.context.on_access_changed(self.identity.cafe_id)
        ended = msgspec.json.decode(outcome.body, type=EndedSignInsView).ended_sign_ins
        self.see_other(f"{_SIGN_INS}?ended={ended}")


class EndOtherSignInsPage(StaffPage):
    """POST: end all but the one that asks."""

    permission = "end_sign_in"

    async def post(self) -> None:
        outcome = await self.context.runner.write(
            end_other_sign_ins,
            EndOtherSignIns(),
            identity=self.identity,
            command_type="end_other_sign_ins",
        )
        self.context.on_access_changed(self.identity.cafe_id)
        ended = msgspec.json.decode(outcome.body, type=EndedSignInsView).ended_sign_ins
        self.see_other(f"{_SIGN_INS}?ended={ended}")
