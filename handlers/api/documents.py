"""/api/openapi.json, /api/asyncapi.json, and /api/docs: the API as documents and as a page.

The page is made on the server of the same two documents, so that it needs no script and nothing
from elsewhere; it is readable without a connection to the world.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from domain.errors import ERROR_RULES
from handlers.api.openapi import build_openapi, list_error_statuses
from handlers.api.route import API_PREFIX, PUBLIC, Idempotency, Route
from handlers.api.table import ROUTES
from handlers.base import SIGNED_IN, BaseHandler
from handlers.page import PageHandler
from handlers.security import CookieNames


class OpenApiHandler(BaseHandler):
    """GET /api/openapi.json."""

    is_public = True

    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.finish(_encode_openapi(self.context.settings.public_url, self.context.cookies))


class AsyncApiHandler(BaseHandler):
    """GET /api/asyncapi.json."""

    is_public = True

    async def get(self) -> None:
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.finish(_encode_asyncapi(self.context.build_asyncapi))


class ReferencePage(PageHandler):
    """GET /api/docs."""

    is_public = True

    async def get(self) -> None:
        asyncapi = _build_asyncapi(self.context.build_asyncapi)
        openapi = _build_openapi(self.context.settings.public_url, self.context.cookies)
        self.render_page(
            "reference",
            tags=_group_routes(),
            errors=[
                {"type": kind.value, "status": rule.http_status, "remedy": rule.remedy}
                for kind, rule in ERROR_RULES.items()
            ],
            channels=_list_channels(asyncapi),
            schemas=_list_schemas(openapi),
            messages=_list_messages(asyncapi),
        )


# Built once, at 20 ms each, and not on the loop for every reader.
@lru_cache(maxsize=2)
def _build_asyncapi(build: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return build()


@lru_cache(maxsize=2)
def _encode_asyncapi(build: Callable[[], dict[str, Any]]) -> bytes:
    return msgspec.json.encode(_build_asyncapi(build))


@lru_cache(maxsize=2)
def _build_openapi(server_url: str, cookies: CookieNames) -> dict[str, Any]:
    return build_openapi(ROUTES, server_url=server_url, cookies=cookies)


@lru_cache(maxsize=2)
def _encode_openapi(server_url: str, cookies: CookieNames) -> bytes:
    return msgspec.json.encode(_build_openapi(server_url, cookies))


def _group_routes() -> dict[str, list[dict[str, Any]]]:
    """List the routes by tag, each as what the page shows of it."""
    tags: dict[str, list[dict[str, Any]]] = {}
    for route in ROUTES:
        tags.setdefault(route.tag, []).append(_show_route(route))
    return tags


def _show_route(route: Route) -> dict[str, Any]:
    rights = {PUBLIC: "anybody", SIGNED_IN: "anybody signed in"}
    keys = {
        Idempotency.REQUIRED: "required",
        Idempotency.OPTIONAL: "possible",
        Idempotency.NONE: "",
    }
    return {
        "anchor": route.operation,
        "method": route.method,
        "address": API_PREFIX + route.path,
        "summary": route.summary,
        "right": rights.get(route.permission, route.permission),
        "body": route.body.__name__ if route.body is not None else "",
        "query": route.query.__name__ if route.query is not None else "",
        "response": route.response.__name__ if route.response is not None else "",
        "status": route.status,
        "errors": list_error_statuses(route),
        "idempotency": keys[route.idempotency],
    }


def _list_schemas(openapi: dict[str, Any]) -> list[dict[str, str]]:
    schemas: dict[str, Any] = openapi["components"]["schemas"]
    return [{"name": name, "json": _write_json(schemas[name])} for name in sorted(schemas)]


def _list_channels(asyncapi: dict[str, Any]) -> list[dict[str, Any]]:
    channels: dict[str, Any] = asyncapi.get("channels", {})
    return [
        {
            "name": name,
            "address": channel.get("address", ""),
            "description": channel.get("description", ""),
            "messages": sorted(channel.get("messages", {})),
        }
        for name, channel in channels.items()
    ]


def _list_messages(asyncapi: dict[str, Any]) -> list[dict[str, str]]:
    messages: dict[str, Any] = asyncapi.get("components", {}).get("messages", {})
    return [{"name": name, "json": _write_json(messages[name])} for name in sorted(messages)]


def _write_json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
