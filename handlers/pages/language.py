"""POST /language: the language that a guest chose, kept by the phone."""

import re

from handlers.languages import LOCALES
from handlers.page import PageHandler

_YEAR_S = 365 * 86_400
# Where the keys stand, without the line breaks that a field may have; else it is the menu.
_PAGES = re.compile(r"/(menu|t/)[!-~]*")


class LanguagePage(PageHandler):
    """Says nothing about anybody, so it is open to everybody."""

    is_public = True
    speaks_to_guests = True

    async def get(self) -> None:
        """The address of a form that was posted, loaded again."""
        self.see_other("/menu")

    async def post(self) -> None:
        language = self.read_field("language", longest=5)
        after = self.read_field("after", longest=80, default="/menu")
        if language in LOCALES:
            self.set_session_cookie(self.context.cookies.language, language, ttl_s=_YEAR_S)
        self.see_other(after if _PAGES.fullmatch(after) else "/menu")
