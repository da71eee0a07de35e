"""The OpenAPI 3.1 document, made from the route table that also routes.

Bodies, answers and parameters are the structs that the handlers decode and encode, so the
document cannot say something else than the code does (spec C5).
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from domain.commands import CommandId
from domain.errors import ErrorBody
from handlers.api.route import (
    API_PREFIX,
    PATH_PARAMETERS,
    PUBLIC,
    Idempotency,
    Route,
)
from handlers.errors import MEDIA_TYPE
from handlers.security import CookieNames

_REFERENCE = "#/components/schemas/{name}"
_ERROR_WORDS: dict[int, str] = {
    400: "The request does not fit its schema.",
    401: "Nobody is signed in, or not any more.",
    403: "The role does not allow it, or another site sent it.",
    404: "There is no such thing in this cafe.",
    405: "The address exists, the method does not; see Allow.",
    409: "Its state does not allow this, somebody was faster, or the same command is under way.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A rule of the cafe refuses it, or the command id was used with another body.",
    429: "Too often; see Retry-After.",
    500: "A fault of the server; details.errorId names it in the log.",
    503: "Too busy, or the storage does not answer; see Retry-After.",
}


def build_openapi(
    routes: tuple[Route, ...], *, server_url: str, cookies: CookieNames
) -> dict[str, Any]:
    """Make the document of these routes. cookies: as this server sets them."""
    types = _collect_types(routes)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = {id(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    credentials = _describe_credentials(cookies)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _build_operation(route, by_type, components, credentials)
        paths.setdefault(API_PREFIX + route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TableTap",
            "version": "1",
            "description": "Orders of a cafe. What happens live comes over the sockets: see "
            "/api/asyncapi.json.",
        },
        "servers": [{"url": server_url}],
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {_error_name(status): _build_error(status) for status in _ERROR_WORDS},
            "securitySchemes": credentials,
        },
    }


def list_error_statuses(route: Route) -> list[int]:
    """List the statuses of errors that a route may answer."""
    # 400 everywhere: a parameter that is not known is refused on every address.
    statuses = {400, 429, 500, 503, *route.errors}
    if route.permission != PUBLIC:
        statuses |= {401, 403}
    if route.path_names:
        statuses.add(404)
    if route.method != "GET":
        statuses |= {403, 413}
    if route.body is not None:
        statuses |= {415}
    if route.idempotency is not Idempotency.NONE:
        statuses |= {409, 422}
    return sorted(statuses)


def _describe_credentials(cookies: CookieNames) -> dict[str, dict[str, str]]:
    """Name what speaks for a caller, in the order in which `ApiHandler` looks for it."""
    by_cookie = {"signIn": cookies.sign_in, "screen": cookies.device, "guest": cookies.guest}
    return {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        **{
            scheme: {"type": "apiKey", "in": "cookie", "name": name}
            for scheme, name in by_cookie.items()
        },
    }


def _collect_types(routes: tuple[Route, ...]) -> list[Any]:
    types: list[Any] = [ErrorBody, CommandId, *PATH_PARAMETERS.values()]
    for route in routes:
        types += [kind for kind in (route.body, route.query, route.response) if kind is not None]
    # By identity and not by equality: two annotated texts may be equal and mean different things.
    return list({id(kind): kind for kind in types}.values())


def _build_operation(
    route: Route,
    by_type: dict[int, Any],
    components: dict[str, Any],
    credentials: Iterable[str],
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag],
        "security": [] if route.permission == PUBLIC else [{name: []} for name in credentials],
        "parameters": _build_parameters(route, by_type, components),
        "responses": {
            str(route.status): _build_success(route, by_type),
            **{
                str(status): {"$ref": f"#/components/responses/{_error_name(status)}"}
                for status in list_error_statuses(route)
            },
        },
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": route.needs_body,
            "content": {"application/json": {"schema": _build_body_schema(route, components)}},
        }
    return operation


def _build_parameters(
    route: Route, by_type: dict[int, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": by_type[id(PATH_PARAMETERS[name])]}
        for name in route.path_names
    ]
    if route.query is not None:
        schema = components[route.query.__name__]
        parameters += [
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": _without_null(field),
            }
            for name, field in schema["properties"].items()
        ]
    if route.idempotency is not Idempotency.NONE:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": route.idempotency is Idempotency.REQUIRED,
                "description": "The command's id: a new one for each command, the same for a "
                "repeat, which gets the first answer.",
                "schema": by_type[id(CommandId)],
            }
        )
    return parameters


def _build_body_schema(route: Route, components: dict[str, Any]) -> dict[str, Any]:
    """Refer to the body's struct, or write it out without what stands in the path."""
    assert route.body is not None
    name = route.body.__name__
    in_path = {
        field.encode_name
        for field in msgspec.structs.fields(route.body)
        if field.name in route.path_names
    }
    if not in_path:
        return {"$ref": _REFERENCE.format(name=name)}
    schema = dict(components[name])
    schema["properties"] = {
        key: value for key, value in schema["properties"].items() if key not in in_path
    }
    schema["required"] = [key for key in schema.get("required", ()) if key not in in_path]
    schema.pop("title", None)
    return schema


def _build_success(route: Route, by_type: dict[int, Any]) -> dict[str, Any]:
    if route.response is None:
        return {"description": "Done."}
    answer: dict[str, Any] = {
        "description": "Done.",
        "content": {"application/json": {"schema": by_type[id(route.response)]}},
    }
    if route.idempotency is not Idempotency.NONE:
        answer["headers"] = {
            "Idempotency-Replayed": {
                "description": "true where this repeats an earlier answer.",
                "schema": {"type": "string", "enum": ["true"]},
            }
        }
    return answer


def _build_error(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _ERROR_WORDS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(name="ErrorBody")}}},
    }
    if status in (429, 503):
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return answer


def _error_name(status: int) -> str:
    return f"Error{status}"


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out rather than null."""
    choices: list[dict[str, Any]] = [
        each for each in schema.get("anyOf", ()) if each != {"type": "null"}
    ]
    if len(choices) == 1:
        return choices[0]
    return {key: value for key, value in schema.items() if key != "default"}
