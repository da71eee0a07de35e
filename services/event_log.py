"""The log of a cafe: append under its head, read from a place on (spec G1, G2).

`append_events` is for the writer alone, last in its transaction. The readers run inside
`runner.read`, or in a snapshot together with the rows they must agree with.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from config.logging import get_logger
from domain.errors import NotFound
from domain.events import AnyEvent, LoggedEvent
from domain.identifiers import NewId
from domain.views.base import Position
from models.event_log import EventRow
from models.fields import from_unix_ms, to_unix_ms
from models.rows import fetch_rows, insert_rows
from models.tenancy import CafeHead

log = get_logger(__name__)

_decoder = msgspec.json.Decoder(AnyEvent)


class NewEvent(NamedTuple):
    """An event before it has its place. user_id: the person who caused it, if any."""

    cafe_id: str
    event: AnyEvent
    at: datetime
    user_id: str | None


def encode_event(event: AnyEvent) -> bytes:
    """JSON of an event as the log keeps it, its `type` included."""
    return msgspec.json.encode(event)


def decode_event(payload: bytes | str) -> AnyEvent:
    """Read an event back. Raises: msgspec.ValidationError for what is none."""
    event: AnyEvent = _decoder.decode(payload)
    return event


class UnreadableEvent(NamedTuple):
    """A row that is no event of this version; its place is known all the same."""

    epoch: str
    seq: int
    event_id: str
    at: datetime


def create_head(cafe_id: str, *, epoch: str) -> None:
    """Begin the log of a new cafe. epoch: a new id; it names this life of the log."""
    CafeHead.create(cafe_id=cafe_id, epoch=epoch)


def renew_epochs(new_id: NewId) -> int:
    """Let every cafe's log go on as another life of it; return how many there are.

    After a restore only: what clients know may never have happened. Locks the heads in the order in
    which everybody does.
    """
    rows = fetch_rows("SELECT cafe_id FROM cafe_head ORDER BY cafe_id")
    cafe_ids = [cafe_id for (cafe_id,) in rows]
    for cafe_id in cafe_ids:
        fetch_rows(
            "UPDATE cafe_head SET epoch = ? WHERE cafe_id = ? RETURNING cafe_id",
            (new_id(), cafe_id),
        )
    return len(cafe_ids)


def read_head(cafe_id: str) -> Position:
    """Where a cafe's log ends. Raises: NotFound."""
    heads = read_heads([cafe_id])
    if not heads:
        raise NotFound("There is no such cafe.")
    return heads[cafe_id]


def read_heads(cafe_ids: Iterable[str]) -> dict[str, Position]:
    """Where the logs of several cafes end: cafe id -> position; unknown cafes are left out."""
    wanted = list(cafe_ids)
    if not wanted:
        return {}
    rows = fetch_rows(
        "SELECT cafe_id, epoch, seq, last_event_id FROM cafe_head"  # noqa: S608 - place-holders
        f" WHERE cafe_id IN ({', '.join('?' * len(wanted))})",
        wanted,
    )
    return {
        cafe_id: Position(epoch=epoch, seq=seq, event_id=event_id)
        for cafe_id, epoch, seq, event_id in rows
    }


def read_events(cafe_id: str, *, after_seq: int, limit: int) -> list[LoggedEvent]:
    """List what a cafe's log has after a place, oldest first, at most `limit` of it.

    Raises: msgspec.DecodeError for a row that this version cannot read.
    """
    return [_read_row(cafe_id, row) for row in _fetch_rows(cafe_id, after_seq, limit)]


def list_rows(cafe_id: str, *, after_seq: int, limit: int) -> list[LoggedEvent | UnreadableEvent]:
    """List the same for who can do without a row: what cannot be read stands there as such."""
    return [_find_event(cafe_id, row) for row in _fetch_rows(cafe_id, after_seq, limit)]


def list_rows_between(
    cafe_id: str,
    since: datetime,
    until: datetime,
    *,
    types: Sequence[str],
    limit: int,
    after_seq: int = 0,
) -> list[LoggedEvent | UnreadableEvent]:
    """List what a cafe's log tells of some types in a half-open span of time, oldest first.

    Reads no row outside of the span: `seq`, which the primary key leads to, leads to the time.
    after_seq: of what comes later than a place alone.
    """
    places = ", ".join("?" * len(types))
    # What was written beside the last of them may have an earlier time and a later place.
    last = _find_seq_before(cafe_id, until + timedelta(minutes=2))
    rows = fetch_rows(
        "SELECT epoch, seq, event_id, at, user_id, payload FROM event_log"  # noqa: S608 - place-holders
        f" WHERE cafe_id = ? AND seq > ? AND seq <= ? AND type IN ({places})"
        " AND at >= ? AND at < ? ORDER BY seq LIMIT ?",
        (
            *(cafe_id, max(after_seq, _find_seq_before(cafe_id, since)), last, *types),
            *(to_unix_ms(since), to_unix_ms(until), limit),
        ),
    )
    return [_find_event(cafe_id, row) for row in rows]


def find_first_kept(cafe_id: str) -> tuple[int, datetime] | None:
    """Return the place and the time of the oldest event that a log has; None for an empty one."""
    rows = fetch_rows(
        "SELECT seq, at FROM event_log WHERE cafe_id = ? ORDER BY seq LIMIT 1", (cafe_id,)
    )
    return (int(rows[0][0]), from_unix_ms(rows[0][1])) if rows else None


def read_events_about(
    cafe_id: str, thing_id: str, *, types: Sequence[str], since: datetime, limit: int
) -> list[LoggedEvent]:
    """List what a cafe's log tells of a thing since a moment, oldest first, at most `limit`.

    thing_id: anywhere in the event, so any id does. What this version cannot read is left out.
    """
    places = ", ".join("?" * len(types))
    rows = fetch_rows(
        "SELECT epoch, seq, event_id, at, user_id, payload FROM event_log"  # noqa: S608 - place-holders
        f" WHERE cafe_id = ? AND seq > ? AND type IN ({places}) AND payload LIKE ?"
        " ORDER BY seq LIMIT ?",
        (cafe_id, _find_seq_before(cafe_id, since), *types, f'%"{thing_id}"%', limit),
    )
    found = []
    for row in rows:
        try:
            found.append(_read_row(cafe_id, row))
        except (msgspec.DecodeError, UnicodeError):
            continue
    return found


def _find_seq_before(cafe_id: str, at: datetime) -> int:
    """Find a place of the log that all events since a moment come after; `seq` leads to the time.

    Units that ran side by side may have their places the other way round: never by a minute.
    """
    ((first, last),) = fetch_rows(
        "SELECT MIN(seq), MAX(seq) FROM event_log WHERE cafe_id = ?", (cafe_id,)
    )
    if first is None:
        return 0
    wanted_ms = to_unix_ms(at - timedelta(minutes=1))
    before = first - 1
    while before < last:
        middle = (before + last + 1) // 2
        ((at_ms,),) = fetch_rows(
            "SELECT at FROM event_log WHERE cafe_id = ? AND seq = ?", (cafe_id, middle)
        )
        if at_ms < wanted_ms:
            before = middle
        else:
            last = middle - 1
    return int(before)


def read_event_id(cafe_id: str, seq: int) -> str | None:
    """Read the id of the event at a place; None where there is none. It may be unreadable else."""
    rows = fetch_rows(
        "SELECT event_id FROM event_log WHERE cafe_id = ? AND seq = ?", (cafe_id, seq)
    )
    return str(rows[0][0]) if rows else None


def append_events(events: Sequence[NewEvent], *, new_id: NewId) -> list[LoggedEvent]:
    """Give events their places and write them; they come back in the order they were given.

    Locks the head of every cafe in it, in order of cafe id, until the transaction ends: call it
    last. Then commit order is `seq` order, and two transactions never wait for each other in a
    circle.
    """
    logged: list[LoggedEvent] = []
    places = {cafe_id: _reserve(cafe_id, events, new_id) for cafe_id in _list_cafes(events)}
    for new in events:
        epoch, free = places[new.cafe_id]
        seq, event_id = next(free)
        logged.append(
            LoggedEvent(
                cafe_id=new.cafe_id,
                epoch=epoch,
                seq=seq,
                event_id=event_id,
                at=new.at,
                user_id=new.user_id,
                event=new.event,
            )
        )
    insert_rows(EventRow, [_build_row(event) for event in logged])
    return logged


def _fetch_rows(cafe_id: str, after_seq: int, limit: int) -> list[tuple[Any, ...]]:
    return fetch_rows(
        "SELECT epoch, seq, event_id, at, user_id, payload FROM event_log"
        " WHERE cafe_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        (cafe_id, after_seq, limit),
    )


def _find_event(cafe_id: str, row: tuple[Any, ...]) -> LoggedEvent | UnreadableEvent:
    """Read a row, or say where one stands that this version cannot read."""
    try:
        return _read_row(cafe_id, row)
    except (msgspec.DecodeError, UnicodeError) as error:
        epoch, seq, event_id, at, *_ = row
        log.error("log_unreadable", cafe_id=cafe_id, seq=seq, error=str(error))
        return UnreadableEvent(epoch, seq, event_id, from_unix_ms(at))


def _read_row(cafe_id: str, row: tuple[Any, ...]) -> LoggedEvent:
    epoch, seq, event_id, at, user_id, payload = row
    return LoggedEvent(
        cafe_id=cafe_id,
        epoch=epoch,
        seq=seq,
        event_id=event_id,
        at=from_unix_ms(at),
        user_id=user_id,
        event=decode_event(payload),
    )


def _list_cafes(events: Sequence[NewEvent]) -> list[str]:
    return sorted({event.cafe_id for event in events})


def _reserve(
    cafe_id: str, events: Sequence[NewEvent], new_id: NewId
) -> tuple[str, Iterator[tuple[int, str]]]:
    """Move a head on by the events of its cafe; return the epoch and the free places."""
    event_ids = [new_id() for event in events if event.cafe_id == cafe_id]
    rows = fetch_rows(
        "UPDATE cafe_head SET seq = seq + ?, last_event_id = ? WHERE cafe_id = ?"
        " RETURNING epoch, seq",
        (len(event_ids), event_ids[-1], cafe_id),
    )
    assert rows, "a cafe that records events has a head"
    epoch, last_seq = rows[0]
    first_seq = last_seq - len(event_ids) + 1
    return epoch, iter(enumerate(event_ids, start=first_seq))


def _build_row(logged: LoggedEvent) -> dict[str, object]:
    return {
        "cafe_id": logged.cafe_id,
        "seq": logged.seq,
        "event_id": logged.event_id,
        "epoch": logged.epoch,
        "type": logged.event.__struct_config__.tag,
        "payload": encode_event(logged.event).decode(),
        "at": logged.at,
        "user_id": logged.user_id,
    }
