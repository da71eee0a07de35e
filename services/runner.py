"""The only door to the database from the event loop: writes in groups, reads in snapshots.

A cafe's writes go to one thread, one after the other, so what it commits is delivered in commit
order. A caller that gives up or is cancelled never cuts a unit in half. composition builds one
Runner, starts it inside the loop and closes it last.
"""

import asyncio
import contextvars
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, Protocol, TypeVar

import msgspec
from peewee import Database

from config.logging import get_logger
from domain.errors import CommandInFlight, InvalidMessage, OperationTimeout, Overloaded
from domain.events import LoggedEvent
from domain.identifiers import NewId
from domain.roles import Identity
from models.database import is_sqlite
from services.access import recheck_identity
from services.group_commit import (
    Batch,
    Clock,
    GroupCommitter,
    Outcome,
    RunnerMetrics,
    WriteJob,
)
from services.idempotency import CommandKey, hash_body
from services.shared_views import SharedViews
from services.snapshot import SnapshotReader
from services.unit_of_work import UnitOfWork

log = get_logger(__name__)

COMMAND_ID_LIMIT = 64

_Arguments = ParamSpec("_Arguments")
_Command = TypeVar("_Command")
_Result = TypeVar("_Result")


class RunnerLimits(Protocol):
    """What of the settings matters here; `config.settings.Settings` is one."""

    @property
    def database_writers(self) -> int: ...
    @property
    def database_readers(self) -> int: ...
    @property
    def write_queue_limit(self) -> int: ...
    @property
    def write_batch_limit(self) -> int: ...
    @property
    def operation_timeout_s(self) -> float: ...


class NoMetrics:
    """For who counts nothing."""

    def observe_unit(self, command_type: str, duration_s: float) -> None:
        """Count nothing."""

    def observe_commit(self, units: int, duration_s: float) -> None:
        """Count nothing."""

    def observe_read(self, duration_s: float) -> None:
        """Count nothing."""

    def observe_snapshot(self, outcome: str) -> None:
        """Count nothing."""


@dataclass(slots=True, kw_only=True, eq=False)
class _ReadJob:
    query: Callable[[], object]
    context: contextvars.Context
    future: asyncio.Future[Any]
    is_abandoned: bool = False


class Runner:
    """Runs operations and queries off the loop. Its methods belong to the loop's thread."""

    def __init__(
        self,
        database: Database,
        limits: RunnerLimits,
        *,
        clock: Clock,
        new_id: NewId,
        on_committed: Callable[[list[LoggedEvent]], None],
        metrics: RunnerMetrics | None = None,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """The models must be bound to `database`.

        on_committed: gets what one transaction put into the logs, on the loop, in commit order
        within a cafe. before_commit: called in the writer's thread before every COMMIT; tests and
        bench slow commits with it.
        """
        self._database = database
        self._limits = limits
        self._clock = clock
        self._new_id = new_id
        self._on_committed = on_committed
        self._metrics = metrics or NoMetrics()
        self._committer = GroupCommitter(
            database,
            clock=clock,
            new_id=new_id,
            metrics=self._metrics,
            before_commit=before_commit,
        )
        self._reader = SnapshotReader(
            database, views=SharedViews(on_asked=self._metrics.observe_snapshot)
        )
        writers = 1 if is_sqlite(database) else limits.database_writers
        self._write_queues: list[SimpleQueue[WriteJob | None]] = [
            SimpleQueue() for _ in range(writers)
        ]
        # Each writer has its share, so that a cafe whose rows are locked fills its own queue alone.
        self._write_share = max(1, limits.write_queue_limit // writers)
        self._read_queue: SimpleQueue[_ReadJob | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._in_flight: set[CommandKey] = set()
        self._pending = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_draining = False
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def queue_depth(self) -> int:
        """Writes that wait for their turn."""
        return sum(queue.qsize() for queue in self._write_queues)

    @property
    def read_queue_depth(self) -> int:
        """Queries that wait for a reader."""
        return self._read_queue.qsize()

    def start(self) -> None:
        """Start the threads; call it inside the running loop, once."""
        assert self._loop is None, "a runner starts once"
        self._loop = asyncio.get_running_loop()
        for number, queue in enumerate(self._write_queues):
            self._start_thread(f"writer-{number}", partial(self._write_for_ever, queue))
        for number in range(self._limits.database_readers):
            self._start_thread(f"reader-{number}", self._read_for_ever)

    async def write(
        self,
        operation: Callable[[UnitOfWork, _Command], object],
        command: _Command,
        *,
        command_type: str,
        identity: Identity | None = None,
        cafe_id: str | None = None,
        command_id: str | None = None,
        body: bytes | None = None,
    ) -> Outcome:
        """Run an operation in a unit of work and return its result, encoded, after the commit.

        cafe_id: the identity's by default; None where only the operation finds out. command_id:
        a repeat of it gets the first answer; it needs an identity. body: what makes two uses of
        one id the same command; by default the command itself, however it was written.

        Raises:
            TableTapError: what the operation raised, or Overloaded, OperationTimeout,
                CommandInFlight, IdempotencyMismatch, StorageUnavailable.
        """
        job = self._build_write_job(
            operation,
            command,
            command_type=command_type,
            identity=identity,
            cafe_id=cafe_id,
            command_id=command_id,
            body=body,
        )
        queue = self._pick_queue(job.cafe_id)
        self._admit(queue.qsize(), self._write_share)
        if job.key is not None:
            if job.key in self._in_flight:
                raise CommandInFlight
            self._in_flight.add(job.key)
        self._count_in()
        queue.put(job)
        outcome: Outcome = await self._wait(job)
        return outcome

    async def read(
        self,
        query: Callable[_Arguments, _Result],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _Result:
        """Run a query in a snapshot: all it reads is of one moment, and it cannot write.

        The query returns values, never open cursors. Raises: TableTapError as `write` does.
        """
        self._admit(self._read_queue.qsize(), self._limits.write_queue_limit)
        job = _ReadJob(
            query=partial(query, *args, **kwargs),
            context=contextvars.copy_context(),
            future=self._running_loop().create_future(),
        )
        self._count_in()
        self._read_queue.put(job)
        result: _Result = await self._wait(job)
        return result

    async def ask(
        self,
        operation: Callable[[UnitOfWork, _Command], object],
        command: _Command,
        *,
        identity: Identity,
    ) -> Outcome:
        """Run an operation that changes nothing: in a snapshot, with rights re-read, no writer.

        Raises: TableTapError as `write` does.
        """
        return await self.read(self._ask, operation, command, identity)

    async def drain(self) -> None:
        """Refuse what is new and wait for what is under way."""
        self._is_draining = True
        await self._idle.wait()

    async def close(self) -> None:
        """Drain, then end the threads and their connections. The database itself stays open."""
        await self.drain()
        for queue in self._write_queues:
            queue.put(None)
        for _ in range(self._limits.database_readers):
            self._read_queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        self._threads.clear()

    def _ask(
        self,
        operation: Callable[[UnitOfWork, _Command], object],
        command: _Command,
        identity: Identity,
    ) -> Outcome:
        now = self._clock()
        unit = UnitOfWork(
            cafe_id=identity.cafe_id,
            identity=recheck_identity(identity, now=now),
            now=now,
            new_id=self._new_id,
        )
        answer = operation(unit, command)
        assert not unit.events, "a query records nothing"
        return Outcome(body=msgspec.json.encode(answer), seq=0)

    def _build_write_job(
        self,
        operation: Callable[[UnitOfWork, Any], object],
        command: object,
        *,
        command_type: str,
        identity: Identity | None,
        cafe_id: str | None,
        command_id: str | None,
        body: bytes | None,
    ) -> WriteJob:
        key, body_hash = None, ""
        if identity is not None:
            assert cafe_id in (None, identity.cafe_id), "an identity acts in its own cafe"
            cafe_id = identity.cafe_id
        if command_id is not None:
            assert identity is not None, "a command id belongs to somebody"
            if not 1 <= len(command_id) <= COMMAND_ID_LIMIT:
                raise InvalidMessage(f"A command id has 1 to {COMMAND_ID_LIMIT} characters.")
            key = CommandKey(identity.cafe_id, identity.principal, command_type, command_id)
            body_hash = hash_body(msgspec.json.encode(command) if body is None else body)
        return WriteJob(
            operation=operation,
            command=command,
            command_type=command_type,
            identity=identity,
            cafe_id=cafe_id,
            command_id=command_id,
            key=key,
            body_hash=body_hash,
            context=contextvars.copy_context(),
            future=self._running_loop().create_future(),
        )

    def _admit(self, waiting: int, limit: int) -> None:
        if self._is_draining or waiting >= limit:
            raise Overloaded(
                "Too much is waiting for the database. Nothing was done; try again in a second.",
                retry_after_s=1,
            )

    def _pick_queue(self, cafe_id: str | None) -> "SimpleQueue[WriteJob | None]":
        # A hash that every process and every run agrees on keeps a cafe on one thread.
        return self._write_queues[zlib.crc32((cafe_id or "").encode()) % len(self._write_queues)]

    async def _wait(self, job: WriteJob | _ReadJob) -> Any:
        """Wait for the answer, or until time is up. Either leaves alone what a thread does.

        A caller that is cancelled takes its future along; `_settle` and `_fail` pass that over.
        """
        timer = self._running_loop().call_later(self._limits.operation_timeout_s, _abandon, job)
        try:
            return await job.future
        finally:
            timer.cancel()
            _mark_retrieved(job.future)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        assert self._loop is not None, "start the runner first"
        return self._loop

    def _count_in(self) -> None:
        self._pending += 1
        self._idle.clear()

    def _count_out(self) -> None:
        self._pending -= 1
        if self._pending == 0:
            self._idle.set()

    def _deliver_batch(self, batch: Batch) -> None:
        """Tell the callers and then the clients, on the loop.

        Setting a future only schedules its waiter, so a sender's own sockets have the event
        before the sender has the answer.
        """
        for job, answer in batch.answers:
            if job.key is not None:
                self._in_flight.discard(job.key)
            if isinstance(answer, Exception):
                _fail(job.future, answer)
            elif answer is not None:
                _settle(job.future, answer)
            self._count_out()
        if batch.events:
            self._on_committed(batch.events)

    def _deliver_read(self, settle: Callable[[], None]) -> None:
        settle()
        self._count_out()

    # --- in the threads ---------------------------------------------------------------------

    def _start_thread(self, name: str, work: Callable[[], None]) -> None:
        # Daemons: a process that dies does not wait for its database; a transaction is undone.
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _write_for_ever(self, queue: "SimpleQueue[WriteJob | None]") -> None:
        is_closing = False
        while not is_closing:
            jobs, is_closing = _take(queue, self._limits.write_batch_limit)
            for batch in self._run_group(jobs):
                self._running_loop().call_soon_threadsafe(self._deliver_batch, batch)
        self._committer.close()

    def _run_group(self, jobs: Sequence[WriteJob]) -> Iterator[Batch]:
        """Run jobs; whatever goes wrong, each gets an answer and the thread goes on."""
        waiting = dict.fromkeys(jobs)
        try:
            for batch in self._committer.run(jobs):
                for job, _ in batch.answers:
                    del waiting[job]
                yield batch
        except Exception as error:
            log.exception("writer_failed", units=len(waiting))
            self._committer.close()
            yield Batch(answers=[(job, error) for job in waiting])

    def _read_for_ever(self) -> None:
        while (job := self._read_queue.get()) is not None:
            settle = self._run_read(job)
            self._running_loop().call_soon_threadsafe(self._deliver_read, settle)
        self._reader.close()

    def _run_read(self, job: _ReadJob) -> Callable[[], None]:
        """Run a query; return what tells its caller, for the loop to call."""
        if job.is_abandoned:
            return partial(_settle, job.future, None)
        started_s = time.perf_counter()
        try:
            return partial(_settle, job.future, self._reader.run(job.query, context=job.context))
        except Exception as error:  # noqa: BLE001 - an edge: the caller gets it, the thread goes on
            return partial(_fail, job.future, error)
        finally:
            self._metrics.observe_read(time.perf_counter() - started_s)


def _take(queue: "SimpleQueue[WriteJob | None]", limit: int) -> tuple[Sequence[WriteJob], bool]:
    """Wait for a job, then take what else is there; whether the end was among it."""
    jobs: list[WriteJob] = []
    job = queue.get()
    while job is not None:
        jobs.append(job)
        if len(jobs) == limit:
            return jobs, False
        try:
            job = queue.get_nowait()
        except Empty:
            return jobs, False
    return jobs, True


def _settle(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _mark_retrieved(future: asyncio.Future[Any]) -> None:
    """An answer for a caller who is cancelled in the same moment is no unhandled error."""
    if future.done() and not future.cancelled():
        future.exception()


def _abandon(job: WriteJob | _ReadJob) -> None:
    """Tell the caller that time is up; work that still waits for its turn is left undone."""
    job.is_abandoned = True
    _fail(
        job.future,
        OperationTimeout(
            "The database did not answer in time. Ask again with the same id.", retry_after_s=1
        ),
    )
