"""/set-up/{code}: the first cafe and its owner, by the link that a server without a cafe prints."""

from functools import lru_cache
from zoneinfo import available_timezones

import msgspec

from domain.drafts import OwnerDraft
from domain.errors import TableTapError, UnprocessableInput
from handlers.pages.sign_in import HOME, SignInForm
from services.authentication import SignIn

_LONGEST_TEXT = 254


class SetUpPage(SignInForm):
    """The form, and what it sends. Whoever has used it is signed in."""

    is_public = True

    async def get(self, code: str) -> None:
        await self.context.first_run.check(code)
        self._show(code, OwnerDraft(name="", email="", cafe_name="", timezone=""), faults=[])

    async def post(self, code: str) -> None:
        await self.context.first_run.check(code)
        draft = OwnerDraft(
            name=self.read_field("name", longest=_LONGEST_TEXT),
            email=self.read_field("email", longest=_LONGEST_TEXT),
            cafe_name=self.read_field("cafe_name", longest=_LONGEST_TEXT),
            currency=self.read_field("currency", longest=_LONGEST_TEXT).upper(),
            timezone=self.read_field("timezone", longest=_LONGEST_TEXT),
        )
        password = self.read_password()
        try:
            await self.context.first_run.set_up(code, draft, password=password)
        except UnprocessableInput as error:
            self.set_status(error.status)
            self._show(code, draft, faults=_read_faults(error))
            return
        self.begin(
            await self.context.authentication.sign_in(
                SignIn(email=draft.email, password=password), client=self.client
            )
        )
        self.see_other(HOME)

    def _show(self, code: str, draft: OwnerDraft, *, faults: list[str]) -> None:
        self.render_page(
            "set_up",
            code=code,
            draft=msgspec.structs.asdict(draft),
            faults=[{"field": "", "message": fault} for fault in faults],
            timezones=_list_timezones(),
        )


def _read_faults(error: TableTapError) -> list[str]:
    faults = (error.details or {}).get("faults")
    return list(faults) if isinstance(faults, list) else [error.message]


@lru_cache(maxsize=1)
def _list_timezones() -> list[str]:
    """List the zones of places, as people know them; any other name may be typed too."""
    return sorted(name for name in available_timezones() if "/" in name and "Etc/" not in name)
