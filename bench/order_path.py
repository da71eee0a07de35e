"""Orders a second through REST, each committed before its answer.

    python -m bench.order_path [--database sqlite postgres] [--posters 16] [--seconds 10]

One till sells over so many connections that are kept open: one line with its modifiers an order,
a new Idempotency-Key each. The generator writes prepared bytes on raw sockets, so that what is
measured is the server. Prints the rate, latencies, and the server's CPU time per order. The
kitchen's sockets are not open here; bench.commit_to_paint has them. SQLite waits for the disk at
every commit; the PostgreSQL is the tests' own, which does not (fsync=off), so its rate is an
upper bound and not comparable with SQLite's.
"""

import asyncio
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec

from bench.demo_server import employ, list_complaints, open_database, read_description, run_demo
from bench.machine import build_parser, describe_run, describe_spread
from domain.commands import LineDraft, ModifierChoice, PlaceOrder
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.menu import MenuView

_WARM_UP_S = 2.0
_CREATED = b"HTTP/1.1 201"


@dataclass(slots=True)
class Measured:
    """Latencies of answered orders, and answers that were no order, by their status line."""

    latencies_ms: list[float] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)


def main() -> int:
    """Measure on the databases that were asked for and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--posters", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    print(describe_run())
    exit_code = 0
    for kind in options.database:
        # One line a request would be most of the work.
        with (
            open_database(kind) as url,
            run_demo(database_url=url, log_level="warning") as server,
        ):
            description = read_description(server)
            request = asyncio.run(_build_request(description))
            asyncio.run(_post(description.url, request, options.posters, _WARM_UP_S))
            cpu_before_s = _read_cpu_s(server.pid)
            started_s = time.monotonic()
            measured = asyncio.run(
                _post(description.url, request, options.posters, options.seconds)
            )
            elapsed_s = time.monotonic() - started_s
            cpu_s = _read_cpu_s(server.pid) - cpu_before_s
            complaints = list_complaints(server)
        count = len(measured.latencies_ms)
        print(
            f"{kind:<9} {count / elapsed_s:.0f} orders/s with {options.posters} posters, "
            f"{cpu_s / max(count, 1) * 1000:.2f} ms CPU an order; "
            f"{describe_spread(measured.latencies_ms or [0.0], 'ms')}"
        )
        for what, times in {**measured.others, **dict.fromkeys(complaints[:10], 1)}.items():
            print(f"FAULT     {kind}: {what} ({times} times)")
            exit_code = 1
    return exit_code


async def _build_request(description: DemoDescription) -> tuple[bytes, bytes]:
    """Prepare a request: what stands before the Idempotency-Key and what after it."""
    till = await employ(description, Role.COUNTER).sign_in()
    body = msgspec.json.encode(PlaceOrder(lines=[_choose_line(await till.read_menu())]))
    head = (
        f"POST /api/v1/orders HTTP/1.1\r\nHost: {urlsplit(description.url).netloc}\r\n"
        f"Authorization: Bearer {till.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: "
    )
    till.close()
    return head.encode(), b"\r\n\r\n" + body


def _choose_line(menu: MenuView) -> LineDraft:
    item = menu.categories[0].items[0]
    chosen = [option for group in item.groups for option in group.options[: group.minimum]]
    return LineDraft(
        menu_item_id=item.menu_item_id,
        quantity=1,
        modifiers=[ModifierChoice(modifier_id=option.modifier_id) for option in chosen],
    )


async def _post(url: str, request: tuple[bytes, bytes], posters: int, seconds: float) -> Measured:
    measured = Measured()
    ends_s = time.perf_counter() + seconds
    parts = urlsplit(url)
    assert parts.hostname is not None
    async with asyncio.TaskGroup() as tasks:
        for _ in range(posters):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            tasks.create_task(_post_one_by_one(reader, writer, request, ends_s, measured))
    return measured


async def _post_one_by_one(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: tuple[bytes, bytes],
    ends_s: float,
    measured: Measured,
) -> None:
    before, after = request
    while (started_s := time.perf_counter()) < ends_s:
        writer.write(before + str(uuid4()).encode() + after)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_read_length(head))
        if head.startswith(_CREATED):
            measured.latencies_ms.append((time.perf_counter() - started_s) * 1000)
        else:
            status = head.partition(b"\r\n")[0].decode()
            measured.others[status] = measured.others.get(status, 0) + 1
    writer.close()


def _read_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _read_cpu_s(pid: int) -> float:
    """User and system time of a process so far (proc(5): fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
