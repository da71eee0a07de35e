"""Routes that are commands: the same operation, body and rights as the socket command's.

The command's id is the request's Idempotency-Key, so a command that was begun over a socket may
be repeated here and gets the first answer, byte for byte. What an operation answers is read off
its own annotation.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, get_type_hints

import msgspec

from config.namespaces import Caller
from domain.commands import Command
from handlers.api.route import Answer, ApiRequest, Idempotency, Route
from realtime.limits import find_namespace
from services.operations import OPERATIONS, Operation


def operation_route(
    name: str,
    *,
    path: str,
    summary: str,
    tag: str,
    operation_id: str | None = None,
    body: type[msgspec.Struct] | None = None,
    build_command: Callable[[Any], Command] | None = None,
    idempotency: Idempotency = Idempotency.OPTIONAL,
    status: int = 200,
    errors: tuple[int, ...] = (404,),
) -> Route:
    """Make the route of an operation.

    name: of the operation and its right. body: the operation's own command by default, without
    what stands in the path. build_command: makes the command of a body of another shape.
    """
    operation = OPERATIONS[name]
    return Route(
        method="POST",
        path=path,
        operation=operation_id or _to_camel(name),
        summary=summary,
        tag=tag,
        permission=name,
        body=body or operation.command_type,
        response=get_type_hints(operation.function)["return"],
        status=status,
        idempotency=Idempotency.NONE if operation.is_query else idempotency,
        errors=(*errors, 409, 422),
        rereads_rights=True,
        call=partial(_ask if operation.is_query else _run, operation, build_command),
    )


async def _run(
    operation: Operation, build_command: Callable[[Any], Command] | None, request: ApiRequest
) -> Answer:
    identity, name = request.identity, operation.name
    caller = Caller(
        namespace=find_namespace(identity, name),
        principal=identity.principal,
        address=request.client_address,
    )
    async with request.context.limits.counted(
        identity, name, caller, command_id=request.command_id
    ):
        outcome = await request.context.runner.write(
            operation.function,
            build_command(request.body) if build_command is not None else request.body,
            command_type=name,
            identity=identity,
            command_id=request.command_id,
        )
    return Answer(body=outcome.body, is_replay=outcome.is_replayed)


async def _ask(
    operation: Operation, build_command: Callable[[Any], Command] | None, request: ApiRequest
) -> Answer:
    """Run an operation that changes nothing."""
    command = build_command(request.body) if build_command is not None else request.body
    outcome = await request.context.runner.ask(
        operation.function, command, identity=request.identity
    )
    return Answer(body=outcome.body)


def _to_camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
