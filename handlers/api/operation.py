"""Routes that are commands: the same operation, body and rights as the socket command's.

The command's id is the request's Idempotency-Key, so a command that was begun over a socket may
be repeated here and gets the first answer, byte for byte.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from domain.commands import Command
from handlers.api.route import Answer, ApiRequest
from services.operations import OPERATIONS


def run_operation(
    name: str, build_command: Callable[[Any], Command] = lambda body: body
) -> Callable[[ApiRequest], Awaitable[Answer]]:
    """Make the function of a route that does a command.

    name: of the operation and its right. build_command: makes the command of the body, where the
    two are not the same struct.
    """
    operation = OPERATIONS[name]

    async def call(request: ApiRequest) -> Answer:
        outcome = await request.context.runner.write(
            operation.function,
            build_command(request.body),
            command_type=name,
            identity=request.identity,
            command_id=request.command_id,
        )
        return Answer(body=outcome.body, is_replay=outcome.is_replayed)

    return call
