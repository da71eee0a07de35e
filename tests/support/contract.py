"""What the server publishes about itself, held against what it really sends.

`Contract.fetch(url)` reads /api/openapi.json and /api/asyncapi.json as a stranger does; after that
every answer and every frame goes through `check_answer` and `check_frame`.
"""

import json
import re
import urllib.request
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from domain.errors import ErrorType
from tests.support.schemas import build_validator, list_faults

# A machine's proxy has no way to our own server.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ERROR_TYPES = frozenset(ErrorType)


class Contract:
    """The two published documents as checks; each raises AssertionError with what is wrong."""

    def __init__(self, *, openapi: dict[str, Any], asyncapi: dict[str, Any]) -> None:
        self._openapi = openapi
        self._asyncapi = asyncapi
        self._patterns = {
            path: re.compile(re.sub(r"{\w+}", "[^/]+", path)) for path in openapi["paths"]
        }
        self._channels = {
            name: frozenset(channel["messages"]) for name, channel in asyncapi["channels"].items()
        }
        self._validate_message = cache(self._build_message_validator)
        self._validate_answer = cache(self._build_answer_validator)
        self._known_good: set[str] = set()

    @classmethod
    def fetch(cls, url: str) -> "Contract":
        """Read the documents of a running server. url: `http://host:port`."""
        return cls(
            openapi=_fetch(f"{url}/api/openapi.json"), asyncapi=_fetch(f"{url}/api/asyncapi.json")
        )

    def check_frame(self, namespace: str, text: str) -> dict[str, Any]:
        """Check a frame from the server and return its message."""
        message: dict[str, Any] = json.loads(text)
        # A room's message is the same text for all its readers: looked at once.
        if (known := f"{namespace} {text}") not in self._known_good:
            key = _find_key(message)
            assert key in self._channels[namespace], f"/{namespace} does not publish {key}"
            _assert_fits(self._validate_message(key), message, f"{key} at /{namespace}")
            self._known_good.add(known)
        return message

    def check_answer(
        self, method: str, path: str, *, status: int, headers: Mapping[str, str], body: bytes
    ) -> Any:
        """Check a REST answer and return its JSON; None where it has no body. path: no query."""
        published_path, operation = self._find_operation(method, path)
        what = f"{method} {path} -> {status}"
        assert str(status) in operation["responses"], f"{what} is not published: {body[:300]!r}"
        answer = self._resolve(operation["responses"][str(status)])
        if "content" not in answer:
            assert body == b"", what
            return None
        media_type = headers["Content-Type"].partition(";")[0]
        assert media_type in answer["content"], f"{what} came as {media_type}"
        decoded = json.loads(body)
        validator = self._validate_answer(published_path, method.lower(), str(status), media_type)
        _assert_fits(validator, decoded, what)
        return decoded

    def _find_operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """Find the published path that an address is one of, and what it says of a method."""
        for published_path, pattern in self._patterns.items():
            operations = self._openapi["paths"][published_path]
            if pattern.fullmatch(path) and method.lower() in operations:
                return published_path, operations[method.lower()]
        raise AssertionError(f"{method} {path} is not published")

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        reference = node.get("$ref")
        if reference is None:
            return node
        found: Any = self._openapi
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return self._resolve(found)

    def _build_message_validator(self, key: str) -> Draft202012Validator:
        components = self._asyncapi["components"]
        return build_validator(components["messages"][key]["payload"], components)

    def _build_answer_validator(
        self, path: str, method: str, status: str, media_type: str
    ) -> Draft202012Validator:
        answer = self._resolve(self._openapi["paths"][path][method]["responses"][status])
        schema = answer["content"][media_type]["schema"]
        return build_validator(schema, self._openapi["components"])


def _fetch(url: str) -> dict[str, Any]:
    with _OPENER.open(url, timeout=30) as answer:
        document: dict[str, Any] = json.loads(answer.read())
        return document


def _find_key(message: dict[str, Any]) -> str:
    """Name a message as the document does: errors have no one type, heartbeats go both ways."""
    if "code" in message and message["type"] in _ERROR_TYPES:
        return "error"
    return "heartbeat_answer" if message["type"] == "heartbeat" else str(message["type"])


def _assert_fits(validator: Draft202012Validator, value: Any, what: str) -> None:
    faults = list_faults(validator, value)
    assert faults == [], f"{what} does not fit its schema: {faults}"
