"""/shift: begin and end one's own shift, on whatever screen somebody is signed in."""

from domain.errors import AuthenticationFailed, TableTapError
from domain.identifiers import is_id
from handlers.page import StaffPage
from services.cafes import read_cafe
from services.shifts import (
    EndShift,
    StartShift,
    end_shift,
    find_open_shift,
    start_shift,
)


class ShiftPage(StaffPage):
    """Since when somebody works, and the one key that changes it."""

    permission = "start_shift"

    async def get(self) -> None:
        await self._show(fault="", done=self.get_query_argument("done", ""))

    async def post(self) -> None:
        identity, runner = self.identity, self.context.runner
        shift_id = self.read_field("shift_id", longest=36, default="")
        try:
            if is_id(shift_id):
                await runner.write(
                    end_shift,
                    EndShift(shift_id=shift_id),
                    identity=identity,
                    command_type="end_shift",
                )
            else:
                await runner.write(
                    start_shift, StartShift(), identity=identity, command_type="start_shift"
                )
        except TableTapError as error:
            if error.status not in (403, 404, 409):
                raise
            self.set_status(error.status)
            await self._show(fault=error.message, done="")
            return
        self.see_other(f"/shift?done={'ended' if is_id(shift_id) else 'started'}")

    async def _show(self, *, fault: str, done: str) -> None:
        person_id = self.identity.person_id
        if person_id is None:
            raise AuthenticationFailed("Say who you are first.", code="no_person")
        runner, cafe_id = self.context.runner, self.identity.cafe_id
        self.time_zone = (await runner.read(read_cafe, cafe_id)).timezone
        self.render_page(
            "shift",
            shift=await runner.read(find_open_shift, cafe_id, person_id),
            person_name=await self.context.authentication.read_person_name(self.identity),
            fault=fault,
            done=done,
        )
