"""Ten minutes of rush: nothing fails, nothing is forgotten, memory stays.

    python -m bench.rush_soak [--minutes 10] [--traffic rush]

Runs `tabletap.py demo --traffic rush` on a fresh SQLite database, samples its memory, and at the
end looks into the database: whatever was ordered before the end must come to be served or voided,
and paid to the last unit (what was ordered later is left aside, for guests keep coming). What was
paid by phone is held against the provider's own books. Exit code 1 when something fails.
"""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from bench.demo_server import list_complaints, run_demo
from bench.machine import build_parser, describe_run, fit_slope, read_rss_bytes, report_verdict
from gateways.sandbox import FILE_NAME
from tests.support.servers import Server
from tests.support.waiting import wait_until

_SAMPLE_PERIOD_S = 5.0
# The slowest ticket of a rush takes some 20 s; this ends a run in which something is stuck.
_FINISH_DEADLINE_S = 180.0
_SETTLED_AFTER_MINUTES = 3
_LEAST_ORDERS_PER_MINUTE = 20
_LARGEST_SLOPE_MIB = 1.0

_OPEN_ITEMS = """
SELECT count(*) FROM order_item JOIN order_round ON order_round.id = order_item.round_id
WHERE order_item.status NOT IN ('served', 'voided') AND order_round.submitted_at <= ?
AND order_round.status = 'confirmed'
"""
_WAITING_ROUNDS = (
    "SELECT count(*) FROM order_round WHERE status = 'submitted' AND submitted_at <= ?"
)
_UNSETTLED = (
    "SELECT count(*) FROM unsettled_order JOIN orders ON orders.id = order_id"
    " WHERE submitted_at <= ?"
)
_WRONGLY_PAID = """
SELECT count(*) FROM orders WHERE submitted_at <= ? AND total_minor <> (
    SELECT COALESCE(SUM(amount_minor - refunded_minor + credited_minor), 0) FROM payment
    WHERE payment.order_id = orders.id AND payment.status = 'captured'
)
"""
_PAID = """
SELECT method, count(*), SUM(amount_minor), SUM(refunded_minor) FROM payment
WHERE status = 'captured' AND created_at <= ? GROUP BY method ORDER BY method
"""
_BY_PHONE = """
SELECT id, CASE status WHEN 'captured' THEN amount_minor ELSE 0 END FROM payment
WHERE method = 'sandbox' AND created_at <= ?
"""


def main() -> int:
    """Run the proof and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--traffic", default="rush")
    options = parser.parse_args()
    print(describe_run())
    with run_demo("--traffic", options.traffic) as server:
        samples = _sample_memory(server, minutes=options.minutes)
        ended_ms = time.time_ns() // 1_000_000
        database = server.data_dir / "tabletap.db"
        is_finished = _wait_until_finished(database, ended_ms)
        faults = _report(database, ended_ms, options.minutes, samples, options.traffic)
        faults += _check_money(database, ended_ms)
        if not is_finished:
            faults.append("some of what was ordered was not served or voided, or not paid")
        exit_code = server.stop()
        if exit_code:
            faults.append(f"the server ended with exit code {exit_code}")
        complaints = list_complaints(server)
        faults += [f"logged: {complaint}" for complaint in complaints[:20]]
        print(f"log       {len(complaints)} lines at warning or above")
        _print_last_tally(server)
    return report_verdict(faults)


def _sample_memory(server: Server, *, minutes: float) -> list[tuple[float, float]]:
    """Return (minutes since the start, MiB resident), taken while the rush goes on."""
    started_s = time.monotonic()
    samples: list[tuple[float, float]] = []
    while (elapsed_s := time.monotonic() - started_s) < minutes * 60:
        samples.append((elapsed_s / 60, read_rss_bytes(server.pid) / 2**20))
        time.sleep(_SAMPLE_PERIOD_S)
    return samples


def _wait_until_finished(database: Path, ended_ms: int) -> bool:
    def is_finished() -> bool:
        return not any(
            _count(database, query, ended_ms)
            for query in (_OPEN_ITEMS, _WAITING_ROUNDS, _UNSETTLED)
        )

    try:
        wait_until(is_finished, "all to be served and paid", deadline_s=_FINISH_DEADLINE_S)
    except AssertionError:
        return False
    return True


def _report(
    database: Path, ended_ms: int, minutes: float, samples: list[tuple[float, float]], traffic: str
) -> list[str]:
    orders = _count(database, "SELECT count(*) FROM orders WHERE submitted_at <= ?", ended_ms)
    rounds = _count(database, "SELECT count(*) FROM order_round WHERE submitted_at <= ?", ended_ms)
    events = _count(database, "SELECT count(*) FROM event_log WHERE at <= ?", ended_ms)
    last_seq = _count(database, "SELECT max(seq) FROM event_log WHERE at <= ?", ended_ms)
    settled = [
        sample for sample in samples if sample[0] >= min(_SETTLED_AFTER_MINUTES, minutes / 2)
    ]
    slope_mib = fit_slope(settled)
    print(f"orders    {orders} in {minutes:g} minutes: {orders / minutes:.1f} a minute")
    print(f"rounds    {rounds}, events {events}, last seq {last_seq}")
    print(f"items     {_describe_items(database)}")
    print(
        f"memory    {samples[0][1]:.1f} MiB at first, {samples[-1][1]:.1f} at the end, "
        f"slope after minute {settled[0][0]:.1f}: {slope_mib:+.3f} MiB a minute"
    )
    faults = []
    if traffic == "rush" and orders / minutes < _LEAST_ORDERS_PER_MINUTE:
        faults.append(f"fewer than {_LEAST_ORDERS_PER_MINUTE} orders a minute")
    if events != last_seq:
        faults.append("the log has gaps")
    if slope_mib > _LARGEST_SLOPE_MIB:
        faults.append(f"memory grows by more than {_LARGEST_SLOPE_MIB:g} MiB a minute")
    return faults


def _check_money(database: Path, ended_ms: int) -> list[str]:
    """Hold each order against its payments, and those by phone against the provider's books."""
    with closing(_open(database)) as connection:
        paid = connection.execute(_PAID, (ended_ms,)).fetchall()
        ours = dict(connection.execute(_BY_PHONE, (ended_ms,)).fetchall())
        known = {row[0] for row in connection.execute("SELECT id FROM payment")}
    with closing(_open(database.with_name(FILE_NAME))) as books:
        charges = books.execute("SELECT key, SUM(amount_minor) FROM capture GROUP BY key")
        theirs = dict(charges.fetchall())
    for method, count, captured_minor, refunded_minor in paid:
        print(f"money     {method}: {count} times {captured_minor}, back {refunded_minor}")
    faults = []
    wrong = _count(database, _WRONGLY_PAID, ended_ms)
    if wrong:
        faults.append(f"{wrong} orders were paid another amount than they come to")
    differing = [key for key, amount_minor in ours.items() if theirs.get(key, 0) != amount_minor]
    if differing:
        faults.append(f"the provider has other amounts of {len(differing)} payments")
    if set(theirs) - known:
        faults.append("the provider charged what nobody paid")
    return faults


def _describe_items(database: Path) -> str:
    with closing(_open(database)) as connection:
        rows = connection.execute("SELECT status, count(*) FROM order_item GROUP BY status")
        return ", ".join(f"{count} {status}" for status, count in rows)


def _count(database: Path, query: str, until_ms: int) -> int:
    with closing(_open(database)) as connection:
        return int(connection.execute(query, (until_ms,)).fetchone()[0] or 0)


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)


def _print_last_tally(server: Server) -> None:
    for line in reversed(server.read_log()):
        if "traffic" in str(line.get("message", "")):
            print(f"guests    {line['message']}")
            return


if __name__ == "__main__":
    sys.exit(main())
