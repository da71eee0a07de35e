"""Everything an operator may set: one frozen struct, read from the environment and `.env`.

Each setting is `TABLETAP_` and the field's name in capitals; its meaning and its limits stand in
its type, so that the README's table and `.env.example` are made from it (config/reference.py).
All faults are collected and raised together, in plain words, because somebody who mends a
configuration wants to do it once. tabletap.py calls `load_settings` and nobody else reads the
environment.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from dotenv import dotenv_values
from msgspec import Meta

from config.addresses import find_address_faults
from domain.commands import LANES_PER_SEATING

PREFIX = "TABLETAP_"
# The name that the source specification gives; ours wins when both are set to the same list.
ALIASES = {"ALLOWED_ORIGINS": "TABLETAP_ALLOWED_ORIGINS"}
SQLITE_FILE_NAME = "tabletap.db"
_EVERY_INTERFACE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


class SettingsError(Exception):
    """The configuration cannot be used. faults: every reason, one plain sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this process was told. Times in seconds (_s), sizes in bytes (_bytes)."""

    mode: Annotated[
        Literal["development", "production"],
        Meta(
            description="`production` refuses to start without an https public URL; `development` "
            "allows plain http on one machine."
        ),
    ] = "development"
    host: Annotated[
        str,
        Meta(min_length=1, description="Address to listen on; `0.0.0.0` for every interface."),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one and logs it."),
    ] = 8000
    public_url: Annotated[
        str,
        Meta(
            description="Address under which browsers reach TableTap, without a path; makes links "
            "and QR codes, and with https the cookies Secure. Empty: http, host and port."
        ),
    ] = ""
    allowed_origins: Annotated[
        tuple[str, ...],
        Meta(
            description="Other origins whose pages may open sockets, call the API and send forms "
            "here (those of the same site with the visitor's cookies), separated by commas, each "
            "exactly as a browser sends it (`https://shop.example`). Empty: the same origin only. "
            "`ALLOWED_ORIGINS` is another name for it."
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of proxies whose X-Forwarded-For counts, "
            "separated by commas. Empty: nobody's."
        ),
    ] = ()

    data_dir: Annotated[
        Path,
        Meta(description="Folder for the SQLite database and the signing keys."),
    ] = Path("data")
    database_url: Annotated[
        str,
        Meta(
            description="`sqlite:///path/to/file.db` or `postgresql://user:password@host/name`. "
            "Empty: a SQLite file in the data folder.",
            extra={"secret": True},
        ),
    ] = ""
    database_pool_size: Annotated[
        int,
        Meta(ge=2, le=200, description="PostgreSQL connections this process may hold."),
    ] = 10
    database_writers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Threads that write to PostgreSQL; a cafe always has the same one. "
            "SQLite has one writer whatever stands here.",
        ),
    ] = 4
    database_readers: Annotated[
        int,
        Meta(ge=1, le=64, description="Threads that read, on SQLite and on PostgreSQL."),
    ] = 3
    database_connect_timeout_s: Annotated[
        int,
        Meta(ge=1, le=60, description="How long to wait for a connection to PostgreSQL."),
    ] = 3
    redis_url: Annotated[
        str,
        Meta(
            description="`redis://user:password@host:6379/0` (or `rediss://`) of a Redis or Valkey "
            "that several processes share. Empty: everything in this process.",
            extra={"secret": True},
        ),
    ] = ""
    redis_timeout_s: Annotated[
        float,
        Meta(gt=0, le=0.5, description="A call to Redis without an answer by then has failed."),
    ] = 0.5
    write_queue_limit: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="Writes that may wait, per process, in equal shares for its writers; "
            "beyond a share the answer is 503 with Retry-After.",
        ),
    ] = 512
    write_batch_limit: Annotated[
        int,
        Meta(ge=1, le=1000, description="Operations that share one commit at most."),
    ] = 64
    operation_timeout_s: Annotated[
        float,
        Meta(gt=0, le=60, description="An operation without an answer by then is a timeout."),
    ] = 5.0

    body_limit_bytes: Annotated[
        int,
        Meta(ge=1024, le=16 * 2**20, description="Largest body of an HTTP request."),
    ] = 256 * 2**10
    frame_limit_bytes: Annotated[
        int,
        Meta(ge=1024, le=2**20, description="Largest message that a socket may send."),
    ] = 64 * 2**10
    outbox_limit_bytes: Annotated[
        int,
        Meta(
            ge=64 * 2**10,
            le=64 * 2**20,
            description="What may wait for a slow reader before its connection is closed; it "
            "comes back and resumes.",
        ),
    ] = 2**20
    replay_limit_events: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="A client further behind than this reloads instead of replaying.",
        ),
    ] = 300
    ring_size_events: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Events per cafe kept in memory for replays."),
    ] = 1000

    rate_limit_factor: Annotated[
        float,
        Meta(
            gt=0,
            le=1000,
            description="Multiplies the commands that a person or phone may send a minute; above "
            "1 for load tests and for one sign-in shared by many screens.",
        ),
    ] = 1.0
    frames_per_second: Annotated[
        int,
        Meta(ge=1, le=10_000, description="Messages that one connection may send a second."),
    ] = 20
    frame_burst: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Messages that it may send at once after a rest."),
    ] = 60
    connections_per_person: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description="Sockets of one person or phone in one namespace, over all processes.",
        ),
    ] = 5
    connections_full: Annotated[
        Literal["refuse", "replace"],
        Meta(
            description="What happens to one more of them: `refuse` tells it to come back later, "
            "`replace` ends the oldest one for it."
        ),
    ] = "refuse"
    lanes_per_seating: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="Phones that may join a table until it is freed; one more is sent to the "
            "counter.",
        ),
    ] = LANES_PER_SEATING
    refresh_warning_s: Annotated[
        int,
        Meta(ge=1, le=600, description="How long before its end a token's renewal is asked for."),
    ] = 60
    authenticate_timeout_s: Annotated[
        float,
        Meta(gt=0, le=60, description="A socket that has not authenticated by then is closed."),
    ] = 10.0
    heartbeat_interval_s: Annotated[
        float,
        Meta(gt=0, le=300, description="Heartbeat of guests and programs."),
    ] = 25.0
    heartbeat_grace_s: Annotated[
        float,
        Meta(gt=0, le=300, description="Silence beyond the interval after which a peer is dead."),
    ] = 20.0
    dashboard_heartbeat_interval_s: Annotated[
        float,
        Meta(gt=0, le=300, description="Heartbeat of dashboards and displays."),
    ] = 2.0
    dashboard_heartbeat_grace_s: Annotated[
        float,
        Meta(gt=0, le=300, description="The same grace for dashboards and displays."),
    ] = 13.0
    drain_timeout_s: Annotated[
        float,
        Meta(gt=0, le=600, description="Time for what is under way when the server is stopped."),
    ] = 8.0

    access_token_ttl_s: Annotated[
        int,
        Meta(ge=30, le=900, description="Life of an access token; 15 minutes at most."),
    ] = 900
    connect_ticket_ttl_s: Annotated[
        int,
        Meta(ge=5, le=60, description="Life of a one-use ticket that opens a socket."),
    ] = 60
    guest_token_ttl_s: Annotated[
        int,
        Meta(
            ge=60,
            le=86_400,
            description="Life of a guest's token; it also ends when the table is closed.",
        ),
    ] = 21_600
    sign_in_ttl_s: Annotated[
        int,
        Meta(ge=300, le=365 * 86_400, description="A sign-in unused for this long has ended."),
    ] = 14 * 86_400
    command_memory_s: Annotated[
        int,
        Meta(
            ge=3600,
            le=30 * 86_400,
            description="How long a repeated command id gets its first answer.",
        ),
    ] = 72 * 3600

    log_format: Annotated[
        Literal["text", "json"],
        Meta(description="`text` for people, `json` for machines: one object a line."),
    ] = "text"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="The least important lines to write."),
    ] = "info"

    @property
    def is_production(self) -> bool:
        """Whether plain http and other conveniences of development are off."""
        return self.mode == "production"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach this over https: decides Secure and `__Host-` cookies."""
        return self.public_url.startswith("https://")

    @property
    def uses_sqlite(self) -> bool:
        """Whether the database is a SQLite file, with its single writer."""
        return self.database_url.startswith("sqlite:")


def load_settings(
    environment: Mapping[str, str],
    *,
    env_file: Path | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings; overrides win over the environment, and that wins over env_file.

    environment: os.environ, or a test's own. env_file: a missing file counts as an empty one.
    overrides: field name -> value, from the command line; None means not given. Port 0 leaves
    public_url empty: who binds the port then replaces both.

    Raises:
        SettingsError: with every fault that was found.
    """
    faults: list[str] = []
    given = _collect(environment, env_file, faults)
    for name, value in (overrides or {}).items():
        if value is not None:
            given[variable_name(name)] = str(value)

    values: dict[str, Any] = {}
    types = field_types()
    for name, kind in types.items():
        text = given.pop(variable_name(name), "").strip()
        # An empty value is an unset one: `TABLETAP_PORT=` in a compose file means the default.
        if text:
            try:
                values[name] = _convert(text, kind)
            except (msgspec.ValidationError, ValueError):
                faults.append(_explain(name, text, kind))
    faults += [_explain_unknown(name, types) for name in sorted(given)]
    faults += find_address_faults(values)
    if faults:
        raise SettingsError(faults)
    return Settings(**_complete(values))


def variable_name(field_name: str) -> str:
    """Name of the environment variable that sets a field."""
    return PREFIX + field_name.upper()


def field_types() -> dict[str, Any]:
    """Field name -> its annotated type, in the order of declaration."""
    return get_type_hints(Settings, include_extras=True)


def describe_limits(kind: Any) -> str:
    """Say in words what a value of this annotated type must be: `a whole number from 1 to 64`."""
    base, meta = _split_annotated(kind)
    if get_origin(base) is Literal:
        return " or ".join(get_args(base))
    if base in (int, float):
        noun = "a whole number" if base is int else "a number"
        if meta.gt is not None:
            return f"{noun} above {meta.gt}, up to {meta.le}"
        return f"{noun} from {meta.ge} to {meta.le}"
    if get_origin(base) is tuple:
        return "a list separated by commas"
    return "a path" if base is Path else "text"


def _collect(
    environment: Mapping[str, str], env_file: Path | None, faults: list[str]
) -> dict[str, str]:
    """Gather our variables from both places, aliases under their own name; report clashes."""
    from_file = {
        name: value or "" for name, value in (dotenv_values(env_file) if env_file else {}).items()
    }
    given: dict[str, str] = {}
    for source in (from_file, environment):
        ours = {name: value for name, value in source.items() if name.startswith(PREFIX)}
        for alias, name in ALIASES.items():
            if not source.get(alias):
                continue
            if ours.get(name, source[alias]) != source[alias]:
                faults.append(f"{alias} and {name} are both set and differ; keep {name}.")
            ours.setdefault(name, source[alias])
        given |= ours
    return given


def _convert(text: str, kind: Any) -> Any:
    base, _ = _split_annotated(kind)
    if get_origin(base) is tuple:
        items = [item.strip() for item in text.split(",")]
        return tuple(item for item in items if item)
    if base is Path:
        return Path(text).expanduser()
    return msgspec.convert(text, kind, strict=False)


def _split_annotated(kind: Any) -> tuple[Any, Meta]:
    base, meta = get_args(kind)
    assert isinstance(meta, Meta)
    return base, meta


def _explain(name: str, text: str, kind: Any) -> str:
    _, meta = _split_annotated(kind)
    shown = "what is set" if (meta.extra or {}).get("secret") else repr(text)
    return f"{variable_name(name)} must be {describe_limits(kind)}; {shown} is not."


def _explain_unknown(variable: str, types: Mapping[str, Any]) -> str:
    known = [variable_name(name) for name in types]
    close = difflib.get_close_matches(variable, known, n=1)
    meant = f" Did you mean {close[0]}?" if close else ""
    return f"{variable} is not a setting of TableTap.{meant}"


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """Fill what follows from other values: the SQLite file and the public URL."""
    plain = Settings(**values)
    if not plain.database_url:
        values["database_url"] = f"sqlite:///{plain.data_dir / SQLITE_FILE_NAME}"
    if plain.public_url:
        values["public_url"] = plain.public_url.rstrip("/")
    elif plain.port:
        host = "localhost" if plain.host in _EVERY_INTERFACE else plain.host
        values["public_url"] = f"http://{f'[{host}]' if ':' in host else host}:{plain.port}"
    return values
