"""Several units in one transaction: one fsync, one set of statements, one savepoint a unit.

A unit that a rule of the domain refuses loses its savepoint and nobody else's. Whatever fails the
whole transaction (a deadlock, a lock's time-out, a dead connection) is undone for all, and each
unit is tried once more alone. services/runner.py owns the threads; this owns the transaction.
"""

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import peewee
from peewee import Database

from config.logging import get_logger
from domain.errors import (
    AuthenticationFailed,
    IdempotencyMismatch,
    StorageUnavailable,
    TableTapError,
)
from domain.events import LoggedEvent
from domain.identifiers import NewId
from domain.roles import Identity
from models.database import (
    STORAGE_ERRORS,
    discard_connection,
    is_connection_lost,
    is_our_fault,
    name_fault,
    release_connection,
    take_turns,
)
from services.access import recheck_identity
from services.audit_chain import NewFact, append_facts
from services.event_log import NewEvent, append_events
from services.idempotency import CommandKey, StoredAnswer, find_answers, save_answers
from services.unit_of_work import UnitOfWork

log = get_logger(__name__)

Clock = Callable[[], datetime]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a write came to. body: the result's JSON, the same bytes for every repeat.

    seq: of the last event it recorded, 0 where it recorded none.
    """

    body: bytes
    seq: int
    is_replayed: bool = False


class RunnerMetrics(Protocol):
    """What somebody may want to count; called from the threads that work."""

    def observe_unit(self, command_type: str, duration_s: float) -> None:
        """How long an operation took inside its transaction."""

    def observe_commit(self, units: int, duration_s: float) -> None:
        """How many units one COMMIT carried, and how long it alone took."""

    def observe_read(self, duration_s: float) -> None:
        """How long a query took in its snapshot."""

    def observe_snapshot(self, outcome: str) -> None:
        """A board was asked for: `built`, or `shared` with who asked at the same place."""


@dataclass(slots=True, kw_only=True, eq=False)
class WriteJob:
    """One command on its way. is_abandoned: its caller has stopped waiting; skip it if it waits.

    context: the caller's, so that its log ids stand in the lines of the operation.
    """

    operation: Callable[[UnitOfWork, Any], object]
    command: object
    command_type: str
    identity: Identity | None
    cafe_id: str | None
    command_id: str | None
    key: CommandKey | None
    body_hash: str
    context: contextvars.Context
    future: asyncio.Future[Outcome]
    is_abandoned: bool = False


@dataclass(slots=True)
class Batch:
    """What one transaction came to: an answer per job, and what it put into the logs.

    An answer is None where the caller had gone and nothing was done.
    """

    answers: list[tuple[WriteJob, Outcome | Exception | None]] = field(default_factory=list)
    events: list[LoggedEvent] = field(default_factory=list)


@dataclass(slots=True)
class _Done:
    """A unit that ran, before its events have their places."""

    job: WriteJob
    unit: UnitOfWork
    body: bytes


class _GroupFailed(Exception):
    """The transaction did not commit, or nobody knows. cause: why.

    is_outcome_unknown: the connection died while it was committing. is_unreachable: there was no
    connection, so trying its units one by one is no use.
    """

    def __init__(
        self, cause: Exception, *, is_outcome_unknown: bool = False, is_unreachable: bool = False
    ) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.is_outcome_unknown = is_outcome_unknown
        self.is_unreachable = is_unreachable


class GroupCommitter:
    """Runs groups of units in the calling thread, on that thread's connection."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        new_id: NewId,
        metrics: RunnerMetrics,
        before_commit: Callable[[], None],
    ) -> None:
        """before_commit: called with everything written; tests and bench slow commits with it."""
        self._database: Any = database
        self._clock = clock
        self._new_id = new_id
        self._metrics = metrics
        self._before_commit = before_commit

    def run(self, jobs: Sequence[WriteJob]) -> Iterator[Batch]:
        """Run jobs and yield what each transaction came to, in commit order; never raises."""
        wanted = [job for job in jobs if not job.is_abandoned]
        skipped = [job for job in jobs if job.is_abandoned]
        if skipped:
            yield Batch(answers=[(job, None) for job in skipped])
        if not wanted:
            return
        batch, again, failure = self._try_together(wanted)
        if batch is not None:
            yield batch
        if failure is not None and failure.is_unreachable:
            yield _answer_all(again, _explain(failure))
            return
        for job in again:
            yield self._run_alone(job, is_retry_safe=_is_retry_safe(job, failure))

    def close(self) -> None:
        """Close this thread's connection."""
        discard_connection(self._database)

    def _try_together(
        self, jobs: list[WriteJob]
    ) -> tuple[Batch | None, list[WriteJob], _GroupFailed | None]:
        """Commit as many jobs as possible; return what committed and whom to try alone."""
        lost_races: list[WriteJob] = []
        try:
            return self._commit(jobs, lost_races), lost_races, None
        except _GroupFailed as failure:
            # A lost race between processes is everyday; a database that fails is not.
            report = log.warning if isinstance(failure.cause, STORAGE_ERRORS) else log.info
            report(
                "group_failed",
                units=len(jobs),
                error=name_fault(failure.cause),
                is_outcome_unknown=failure.is_outcome_unknown,
            )
            return None, jobs, failure

    def _run_alone(self, job: WriteJob, *, is_retry_safe: bool) -> Batch:
        if job.is_abandoned:
            return Batch(answers=[(job, None)])
        if not is_retry_safe:
            return _answer_all([job], _outcome_unknown())
        try:
            return self._commit([job], None)
        except _GroupFailed as failure:
            return _answer_all([job], _explain(failure))

    def _commit(self, jobs: list[WriteJob], lost_races: list[WriteJob] | None) -> Batch:
        """Run units and commit them in one transaction.

        lost_races: takes the jobs that should run again alone; None when this is that run.
        Raises: _GroupFailed, with nothing left open.
        """
        self._begin()
        is_committing = False
        try:
            take_turns(self._database, {job.cafe_id for job in jobs if job.cafe_id is not None})
            batch, done = self._run_units(jobs, lost_races)
            batch.events = self._append(done, batch)
            self._before_commit()
            is_committing = True
            started_s = time.perf_counter()
            self._database.commit()
            self._metrics.observe_commit(len(jobs), time.perf_counter() - started_s)
        except Exception as error:
            raise self._give_up(error, is_committing=is_committing) from error
        self._database.pop_transaction()
        release_connection(self._database)
        return batch

    def _begin(self) -> None:
        try:
            self._database.connect(reuse_if_open=True)
            try:
                self._database.begin()
            except STORAGE_ERRORS:
                if not is_connection_lost(self._database):
                    raise
                # It died since it was checked. Nothing has run: a new one will do.
                discard_connection(self._database)
                self._database.connect()
                self._database.begin()
        except STORAGE_ERRORS as error:
            discard_connection(self._database)
            raise _GroupFailed(error, is_unreachable=True) from error
        # Peewee's own atomic() inside an operation is then a savepoint, not a second BEGIN.
        self._database.push_transaction(self)

    def _give_up(self, error: Exception, *, is_committing: bool) -> _GroupFailed:
        """Undo what can be undone and throw the connection away, whatever state it is in."""
        is_lost = is_connection_lost(self._database)
        try:
            self._database.rollback()
        except peewee.PeeweeException:
            pass  # the connection's end rolls back as well
        discard_connection(self._database)
        return _GroupFailed(error, is_outcome_unknown=is_committing and is_lost)

    def _run_units(
        self, jobs: list[WriteJob], lost_races: list[WriteJob] | None
    ) -> tuple[Batch, list[_Done]]:
        batch = Batch()
        done: list[_Done] = []
        answers = find_answers([job.key for job in jobs if job.key is not None])
        for job in jobs:
            # The same name again shadows the one before: one statement a unit, none to release.
            self._database.execute_sql("SAVEPOINT unit")
            try:
                unit = self._build_unit(job)
                first = answers.get(job.key) if job.key is not None else None
                if first is None:
                    done.append(self._run_unit(job, unit))
                else:
                    batch.answers.append((job, _replay(job, *first)))
            except STORAGE_ERRORS as error:
                if not is_our_fault(error):
                    raise
                self._refuse(job, error, batch)
            except peewee.IntegrityError as error:
                if lost_races is None:
                    self._refuse(job, error, batch)
                else:
                    self._undo_unit()
                    lost_races.append(job)
            except Exception as error:  # noqa: BLE001 - an edge: the caller gets it, others go on
                self._refuse(job, error, batch)
        return batch, done

    def _build_unit(self, job: WriteJob) -> UnitOfWork:
        now = self._clock()
        now -= timedelta(microseconds=now.microsecond % 1000)
        identity = job.identity
        if identity is not None:
            identity = recheck_identity(identity, now=now)
        return UnitOfWork(
            cafe_id=job.cafe_id,
            identity=identity,
            now=now,
            new_id=self._new_id,
            command_id=job.command_id,
        )

    def _run_unit(self, job: WriteJob, unit: UnitOfWork) -> _Done:
        started_s = time.perf_counter()
        try:
            result = job.context.run(job.operation, unit, job.command)
        finally:
            self._metrics.observe_unit(job.command_type, time.perf_counter() - started_s)
        return _Done(job, unit, msgspec.json.encode(result))

    def _refuse(self, job: WriteJob, error: Exception, batch: Batch) -> None:
        """Answer with what went wrong, unless the same command has been answered meanwhile.

        Another process may have done it while this one waited for a lock. Then what stands in the
        way (paid already, finished already) is the command's own first effect. Who is no longer
        recognised gets no answer, not even their own first one.
        """
        self._undo_unit()
        first = None
        if job.key is not None and not isinstance(error, AuthenticationFailed):
            first = find_answers([job.key]).get(job.key)
        batch.answers.append((job, error if first is None else _replay(job, *first)))

    def _undo_unit(self) -> None:
        self._database.execute_sql("ROLLBACK TO SAVEPOINT unit")

    def _append(self, done: list[_Done], batch: Batch) -> list[LoggedEvent]:
        """Write what the units left to the end: audit, events under the heads, first answers."""
        facts = [fact for each in done for fact in _list_facts(each.unit)]
        if facts:
            append_facts(facts, new_id=self._new_id)
        logged = append_events(
            [
                NewEvent(cafe_id, event, each.unit.now, _user_id(each.unit))
                for each in done
                for cafe_id, event in each.unit.events
            ],
            new_id=self._new_id,
        )
        place = 0
        answers: list[StoredAnswer] = []
        for each in done:
            place += len(each.unit.events)
            seq = logged[place - 1].seq if each.unit.events else 0
            batch.answers.append((each.job, Outcome(body=each.body, seq=seq)))
            if each.job.key is not None:
                answers.append(
                    StoredAnswer(each.job.key, each.job.body_hash, each.body, seq, each.unit.now)
                )
        save_answers(answers)
        return logged


def _list_facts(unit: UnitOfWork) -> list[NewFact]:
    return [
        NewFact(fact.cafe_id, unit.now, fact.kind, unit.principal, fact.details)
        for fact in unit.audit_facts
    ]


def _user_id(unit: UnitOfWork) -> str | None:
    return unit.identity.person_id if unit.has_identity else None


def _replay(job: WriteJob, body_hash: str, body: bytes, seq: int) -> Outcome | Exception:
    if body_hash != job.body_hash:
        return IdempotencyMismatch(
            "This command id was used with another body. Take a new id for a new command."
        )
    return Outcome(body=body, seq=seq, is_replayed=True)


def _is_retry_safe(job: WriteJob, failure: _GroupFailed | None) -> bool:
    """Whether running again cannot do it twice: nothing was committed, or its key would show."""
    return failure is None or not failure.is_outcome_unknown or job.key is not None


def _answer_all(jobs: Sequence[WriteJob], error: Exception) -> Batch:
    return Batch(answers=[(job, error) for job in jobs])


def _explain(failure: _GroupFailed) -> Exception:
    """What a caller is told about a transaction that failed for good."""
    if failure.is_outcome_unknown:
        return _outcome_unknown()
    if isinstance(failure.cause, TableTapError):
        return failure.cause
    if isinstance(failure.cause, STORAGE_ERRORS) and not is_our_fault(failure.cause):
        log.warning("storage_unavailable", error=name_fault(failure.cause))
        return StorageUnavailable(
            "Nothing was changed, because the database cannot be written now. Try again with the"
            " same id.",
            retry_after_s=1,
        )
    return failure.cause


def _outcome_unknown() -> Exception:
    return StorageUnavailable(
        "The connection to the database broke while this was being saved. Look whether it is"
        " there before you try again.",
        code="outcome_unknown",
        retry_after_s=1,
    )
