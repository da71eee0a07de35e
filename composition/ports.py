"""What the socket plane asks for, said in its words with what services can do."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from composition.identifiers import new_id, now
from composition.shared import Shared
from domain.commands import Command
from domain.errors import TableTapError
from domain.events import LoggedEvent
from domain.roles import Identity
from domain.rooms import Room
from domain.views.base import Position
from handlers.metrics import Metrics
from handlers.templating import Templates
from realtime.limits import Limits, Refusal
from realtime.plane import PlanePorts
from realtime.ports import Admission, CommandOutcome, LogHead, TokenSource
from realtime.suspicion import Suspicions
from services.access import read_access_counts, recheck_identities
from services.authentication import Authentication
from services.cafes import read_cafe
from services.event_log import read_event_id, read_events, read_head, read_heads
from services.operations import OPERATIONS
from services.rooms import check_rooms
from services.runner import Runner


class ServicePorts:
    """The services of one process, as the plane calls them."""

    def __init__(
        self, runner: Runner, *, authentication: Authentication, templates: Templates
    ) -> None:
        self._runner = runner
        self._authentication = authentication
        self._templates = templates
        # Rendering has no time to ask the database; who attaches has. A cafe's zone never
        # changes while it serves: the set-up alone writes it.
        self._zones: dict[str, str] = {}

    async def authenticate(self, token: str, source: TokenSource) -> Admission:
        """Verify a token, and learn the zone of its cafe for the cards."""
        recognised = await self._authentication.authenticate_socket(
            token, namespace=source.namespace, is_query=source.is_query
        )
        cafe_id = recognised.identity.cafe_id
        if cafe_id not in self._zones:
            self._zones[cafe_id] = (await self._runner.read(read_cafe, cafe_id)).timezone
        return Admission(identity=recognised.identity, expires_at=recognised.expires_at)

    def render(self, component: str, view: Any, *, locale: str, cafe_id: str) -> str:
        """Render a card in the zone of a cafe that somebody here is attached to."""
        return self._templates.render_fragment(component, view, locale, self._zones[cafe_id])

    async def check_rooms(self, identity: Identity, rooms: Sequence[Room]) -> Sequence[Room]:
        """Return those of the rooms that are the identity's to hear."""
        return await self._runner.read(check_rooms, identity, rooms)

    async def run_command(
        self, identity: Identity, name: str, command: Command, *, command_id: str
    ) -> CommandOutcome:
        """Run the operation that a command names."""
        operation = OPERATIONS[name]
        if operation.is_query:
            outcome = await self._runner.ask(operation.function, command, identity=identity)
        else:
            outcome = await self._runner.write(
                operation.function,
                command,
                command_type=name,
                identity=identity,
                command_id=command_id,
            )
        return CommandOutcome(data=msgspec.Raw(outcome.body), seq=outcome.seq or None)

    async def read_head(self, cafe_id: str) -> LogHead:
        """Read where a log stands."""
        return _to_log_head(await self._runner.read(read_head, cafe_id))

    async def read_heads(self, cafe_ids: Collection[str]) -> Mapping[str, LogHead]:
        """Read where several logs stand."""
        heads = await self._runner.read(read_heads, cafe_ids)
        return {cafe_id: _to_log_head(head) for cafe_id, head in heads.items()}

    async def read_log(self, cafe_id: str, *, after_seq: int, limit: int) -> Sequence[LoggedEvent]:
        """Read what a log has after a place."""
        return await self._runner.read(read_events, cafe_id, after_seq=after_seq, limit=limit)

    async def read_event_id(self, cafe_id: str, seq: int) -> str | None:
        """Read which event a log has at a place."""
        return await self._runner.read(read_event_id, cafe_id, seq)

    async def recheck(self, identities: Sequence[Identity]) -> Sequence[Identity | TableTapError]:
        """Read the rights of several again."""
        return await self._runner.read(recheck_identities, identities, now=now())

    async def read_access_counts(self, cafe_ids: Collection[str]) -> Mapping[str, int]:
        """Read how often the rights in cafes have changed."""
        return await self._runner.read(read_access_counts, cafe_ids)


def build_ports(
    services: ServicePorts,
    *,
    shared: Shared,
    limits: Limits,
    suspicions: Suspicions,
    report: Callable[[Refusal], None],
    metrics: Metrics,
) -> PlanePorts:
    """Make the ports of one process."""
    return PlanePorts(
        authenticate=services.authenticate,
        check_rooms=services.check_rooms,
        run_command=services.run_command,
        read_head=services.read_head,
        read_log=services.read_log,
        read_event_id=services.read_event_id,
        render=services.render,
        now=now,
        new_id=new_id,
        boot=shared.boot,
        recheck=services.recheck,
        read_access_counts=services.read_access_counts,
        presence=shared.presence,
        limits=limits,
        suspicions=suspicions,
        report=report,
        metrics=metrics,
    )


def _to_log_head(head: Position) -> LogHead:
    return LogHead(epoch=head.epoch, seq=head.seq, event_id=head.event_id)
