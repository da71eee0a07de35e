"""Structured log lines on the standard library: an event name with key=value pairs.

    log = get_logger(__name__)
    log.info("order_placed", order_id=order.id, duration_ms=12)

Ids that hold for everything in a request or connection are bound once (`bound`) and appear in
each line. A line break in a value cannot start a second line, and what looks like a token never
gets out. Lines of libraries pass through the same formatter. tabletap.py calls
`configure_logging`; what each level means stands in docs/architecture.md.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal, TextIO

HIDDEN = "[hidden]"

_NO_IDS: Mapping[str, Any] = MappingProxyType({})
_bound_ids: ContextVar[Mapping[str, Any]] = ContextVar("bound_log_ids", default=_NO_IDS)

# A value under one of these names is hidden whatever it looks like; ids such as token_id are not.
_SECRET_NAME = re.compile(
    r"(^|_)(token|password|secret|authorization|cookies?|pin|signing_key|api_key|body)$",
    re.IGNORECASE,
)
_SECRET_PATTERNS = (
    # JWT: three base64url parts, the first of which is a JSON object.
    re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"),
    re.compile(r"(?<=Bearer )\S+", re.IGNORECASE),
    re.compile(r"(?<=[?&;]token=)[^&;\s\"']+", re.IGNORECASE),
    re.compile(r"\$argon2[a-z]*\$[^\s\"']+"),
    # The password of a database URL.
    re.compile(r"(?<=://)(?:[^/\s:@]*):[^/\s@]+(?=@)"),
    # Our opaque tokens have 32 random bytes, 43 characters of base64url. Digits and both cases
    # together spare hyphenated words, UUIDs and hexadecimal digests.
    re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{43,}(?![\w-])"),
)
# They write a line for every run and every table, which says nothing that our own lines do not.
_TALKATIVE_LIBRARIES = ("apscheduler", "peewee")
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.,:;/+@%()\[\]~*#<>?!-]+")


class EventLogger:
    """Writes events of one module. Values are keyword arguments; names say their units."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, event: str, /, **values: Any) -> None:
        """Frames and other details that only somebody searching wants."""
        self._write(logging.DEBUG, event, values)

    def info(self, event: str, /, **values: Any) -> None:
        """Facts of the business and of the life cycle."""
        self._write(logging.INFO, event, values)

    def warning(self, event: str, /, **values: Any) -> None:
        """Something is degraded and goes on."""
        self._write(logging.WARNING, event, values)

    def error(self, event: str, /, **values: Any) -> None:
        """Somebody must act."""
        self._write(logging.ERROR, event, values)

    def exception(self, event: str, /, **values: Any) -> None:
        """Write an error with the trace of the exception being handled."""
        self._write(logging.ERROR, event, values, has_trace=True)

    def _write(
        self, level: int, event: str, values: Mapping[str, Any], *, has_trace: bool = False
    ) -> None:
        if self._logger.isEnabledFor(level):
            # Ids are read here and not in the formatter: a handler may run in another context.
            self._logger.log(
                level,
                "%s",
                event,
                exc_info=has_trace,
                stacklevel=3,
                extra={"event": event, "values": {**_bound_ids.get(), **values}},
            )


def get_logger(name: str) -> EventLogger:
    """Make the logger of a module: `log = get_logger(__name__)`."""
    return EventLogger(logging.getLogger(name))


@contextmanager
def bound(**ids: Any) -> Iterator[None]:
    """Put ids (request_id, connection_id, cafe_id ...) into every line written inside.

    Tasks started inside inherit them; a thread does when it runs in `copy_context()`.
    """
    token = _bound_ids.set({**_bound_ids.get(), **ids})
    try:
        yield
    finally:
        _bound_ids.reset(token)


def bound_ids() -> Mapping[str, Any]:
    """Return what is bound here, for a caller that must carry it elsewhere by hand."""
    return _bound_ids.get()


def configure_logging(
    *,
    log_format: Literal["text", "json"],
    log_level: Literal["debug", "info", "warning", "error"],
    stream: TextIO | None = None,
) -> None:
    """Send every line of the process to one stream in one format; calling again replaces that.

    stream: None means standard error, so that standard output stays for what commands print.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, EventFormatter):
            root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(log_level.upper())
    for name in _TALKATIVE_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


class EventFormatter(logging.Formatter):
    """What both formats share: which fields a line has, with secrets taken out."""

    def fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """Gather a record's fields in the order in which they are written.

        A library's record has no event name: its logger's name stands in, with the text beside.
        """
        own_values = getattr(record, "values", None)
        if own_values is None:
            event = record.name.replace(".", "_")
            own_values = {**_bound_ids.get(), "message": record.getMessage()}
        else:
            event = getattr(record, "event", record.name)
        fields = {
            "at": _write_time(record.created),
            "level": record.levelname.lower(),
            "event": event,
            "logger": record.name,
        }
        # A value named like one of ours must not replace it: level="info" on an error would lie.
        fields |= {
            f"value_{name}" if name in fields or name == "trace" else name: hide(name, value)
            for name, value in own_values.items()
        }
        if record.exc_info:
            fields["trace"] = hide("trace", self.formatException(record.exc_info))
        return fields


class JsonFormatter(EventFormatter):
    """One JSON object a line, ASCII only: no character of a value can end the line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.fields(record), default=str, separators=(",", ":"))


class TextFormatter(EventFormatter):
    """`time level event key=value ...` for people; a trace follows, every line of it indented."""

    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        trace = fields.pop("trace", None)
        head = f"{fields.pop('at')} {fields.pop('level'):7} {_quote(fields.pop('event'))}"
        pairs = (f"{_quote(name)}={_quote(value)}" for name, value in fields.items())
        line = " ".join([head, *pairs])
        if trace is None:
            return line
        return "\n".join([line, *(f"    | {_keep_printable(row)}" for row in trace.splitlines())])


def hide(name: str, value: Any) -> Any:
    """Return the value without secrets in it, at any depth; numbers and None pass."""
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): hide(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [hide("", item) for item in value]
    text = str(value)
    for pattern in _SECRET_PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


def _write_time(created: float) -> str:
    moment = datetime.fromtimestamp(created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _quote(value: Any) -> str:
    """Write a value so that it is one word or one quoted string, whatever is in it."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if _PLAIN_VALUE.fullmatch(text) else json.dumps(text)


def _keep_printable(text: str) -> str:
    """Replace what could move the cursor, colour the terminal or turn the text around."""
    return "".join(character if character.isprintable() else "?" for character in text)
