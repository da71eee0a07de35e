"""Addresses that lead nowhere: a page for people, the error object for programs."""

from tornado.web import HTTPError

from domain.errors import TableTapError
from handlers.base import BaseHandler
from handlers.page import PageHandler


class NotFoundPage(PageHandler):
    """Answers every address that no route has."""

    is_public = True

    async def prepare(self) -> None:
        raise HTTPError(404)

    def write_error_body(self, error: TableTapError) -> None:
        accepts_page = "text/html" in self.request.headers.get("Accept", "")
        if accepts_page and not self.request.path.startswith("/api/"):
            super().write_error_body(error)
        else:
            BaseHandler.write_error_body(self, error)
