"""/styleguide: every card in its states, from specimens that stand in no database."""

from handlers.page import PageHandler
from handlers.pages.specimens.sheet import build_specimens


class StyleguidePage(PageHandler):
    """Open to anybody: it shows nothing of any cafe."""

    is_public = True

    async def get(self) -> None:
        self.render_page("styleguide", **build_specimens(self.context.now()))
