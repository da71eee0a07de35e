"""Recount the seven figures from the log alone, and hold them against those that were pushed.

    python -m bench.recount_figures [--minutes 10] [--traffic rush]

Runs `tabletap.py demo --traffic rush`, listens to `real_time_analytics` as the owner, reads the
whole log over GET /events, and computes each figure again from the rows up to the position that a
push was measured at. Nothing of domain/analytics.py or services/analytics.py is used: this is the
definitions of docs/analytics.md written down a second time. Exit code 1 when a figure differs.
"""

import asyncio
import sys
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bench.demo_server import employ, list_complaints, read_description, read_log, run_demo
from bench.machine import build_parser, describe_run, report_verdict
from domain.roles import Role

_FIGURES = (
    "activeOrders",
    "waitingOrders",
    "completedOrdersToday",
    "averageOrderTime",
    "averageOrderTimeN",
    "kitchenLoad",
    "revenueToday",
    "customerSatisfaction",
    "staffOnDuty",
)
Row = dict[str, Any]


class Recount:
    """A cafe's day as its log tells it up to one position. at: the moment it is counted for."""

    def __init__(self, rows: Iterable[Row], *, at: datetime, day_ends_at: datetime) -> None:
        self._at = at
        # A day of 23 or 25 hours would need the zone, which no row of the log says.
        self._begins_at, self._ends_at = day_ends_at - timedelta(days=1), day_ends_at
        self._orders: dict[str, Row] = {}
        self._refunds: dict[str, tuple[str, Row]] = {}
        self._people: set[str] = set()
        for row in rows:
            self._take(row)

    def count(self) -> dict[str, Any]:
        """Return the figures by the names that they are pushed under."""
        statuses = [order["status"] for order in self._orders.values()]
        minutes = self._list_minutes()
        return {
            "activeOrders": sum(each in ("confirmed", "preparing", "ready") for each in statuses),
            "waitingOrders": statuses.count("submitted"),
            "completedOrdersToday": sum(
                order["status"] == "completed" and self._is_today(order["completedAt"])
                for order in self._orders.values()
            ),
            "averageOrderTime": round(sum(minutes) / len(minutes), 1) if minutes else None,
            "averageOrderTimeN": len(minutes),
            "kitchenLoad": self._find_load(),
            "revenueToday": self._add_revenue(),
            "customerSatisfaction": None,  # nobody can rate yet
            "staffOnDuty": len(self._people),
        }

    def has_mixed_orders(self) -> bool:
        """Whether an order has money in a round that has not fired: the log has taxes by order."""
        return any(
            len({round_["firedAt"] is None for round_ in order["rounds"] if _has_money(round_)}) > 1
            for order in self._orders.values()
        )

    def _take(self, row: Row) -> None:
        event, logged_at = row["event"], row["at"]
        if row["userId"] and self._at - timedelta(minutes=15) < logged_at <= self._at:
            self._people.add(row["userId"])
        order = event.get("order")
        if order is not None:
            self._orders[order["orderId"]] = order
        if event["type"] == "payment_refunded":
            refund = event["refund"]
            self._refunds[refund["refundId"]] = (order["orderId"], refund)

    def _list_minutes(self) -> list[float]:
        """List how long rounds took: of the last hour where five became ready, else of today."""
        took = []
        for order in self._orders.values():
            for round_ in order["rounds"]:
                ready_at = _find_ready_at(round_)
                if ready_at is None:
                    continue
                duration = ready_at - _read(round_["firedAt"])
                if duration <= timedelta(hours=4):
                    took.append((ready_at, duration.total_seconds() / 60))
        recent = [minutes for ready_at, minutes in took if ready_at > self._at - timedelta(hours=1)]
        if len(recent) >= 5:
            return sorted(recent)
        return sorted(minutes for ready_at, minutes in took if ready_at >= self._begins_at)

    def _find_load(self) -> int:
        seconds: dict[str, float] = {}
        for item in self._list_items():
            left_s = float(item["prepS"] * item["quantity"])
            if item["status"] == "started":
                left_s -= (self._at - _read(item["startedAt"])).total_seconds()
            elif item["status"] != "queued":
                continue
            seconds[item["stationId"]] = seconds.get(item["stationId"], 0.0) + max(0.0, left_s)
        return max((round(100 * each / 600) for each in seconds.values()), default=0)

    def _list_items(self) -> list[Row]:
        """List the lines that a kitchen has or had."""
        return [
            item
            for order in self._orders.values()
            for round_ in order["rounds"]
            if round_["firedAt"] is not None
            for item in round_["items"]
        ]

    def _add_revenue(self) -> int:
        sales: int = sum(
            tax["netMinor"]
            for order in self._orders.values()
            if any(self._is_today(each["firedAt"]) for each in order["rounds"])
            for tax in order["totals"]["taxes"]
        )
        return sales - sum(
            self._find_net(order_id, refund)
            for order_id, refund in self._refunds.values()
            if refund["status"] == "succeeded" and self._is_today(refund["settledAt"])
        )

    def _find_net(self, order_id: str, refund: Row) -> int:
        """Take the order's share of tax out of what is no longer owed, rounded half up."""
        credited_minor = int(refund["creditedMinor"])
        totals = self._orders[order_id]["totals"]
        if totals["totalMinor"] <= 0:
            return credited_minor
        doubled: int = 2 * credited_minor * totals["taxMinor"] + totals["totalMinor"]
        return credited_minor - doubled // int(2 * totals["totalMinor"])

    def _is_today(self, text: str | None) -> bool:
        return text is not None and self._begins_at <= _read(text) < self._ends_at


def main() -> int:
    """Run the proof and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--traffic", default="rush")
    options = parser.parse_args()
    print(describe_run())
    with run_demo("--traffic", options.traffic) as server:
        faults = asyncio.run(_compare(server, options.minutes))
        faults += [f"logged: {each}" for each in list_complaints(server)[:10]]
    return report_verdict(faults[:20])


async def _compare(server: Any, minutes: float) -> list[str]:
    owner = employ(read_description(server), Role.OWNER)
    pushes: list[Row] = []
    async with owner.connect("admin") as connection:

        async def listen() -> None:
            async for message in connection.messages():
                if message.type == "real_time_analytics":
                    pushes.append(message.data)  # noqa: PERF401 - as they come, until it is cancelled

        listening = asyncio.create_task(listen())
        await asyncio.sleep(minutes * 60)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    log = await read_log(await owner.sign_in())
    owner.close()
    rows = [
        {"seq": row.seq, "at": row.at, "userId": row.user_id, "event": row.event} for row in log
    ]
    print(f"log       {len(rows)} events, {len(pushes)} pushes in {minutes:g} minutes")
    return _report(rows, pushes)


def _report(rows: list[Row], pushes: list[Row]) -> list[str]:
    faults, mixed, compared = [], 0, 0
    for push in pushes:
        analytics = push["analytics"]
        seq = analytics["position"]["seq"]
        recount = Recount(
            [row for row in rows if row["seq"] <= seq],
            at=_read(push["at"]),
            day_ends_at=_read(analytics["dayEndsAt"]),
        )
        counted = recount.count()
        names = set(_FIGURES)
        if recount.has_mixed_orders():
            names.discard("revenueToday")
            mixed += 1
        compared += len(names)
        faults += [
            f"seq {seq}: {name} was pushed as {push[name]}, the log says {counted[name]}"
            for name in sorted(names)
            if push[name] != counted[name]
        ]
    if not pushes:
        return ["nothing was pushed"]
    last = pushes[-1]
    print(f"figures   {compared} compared at {len(pushes)} positions, {len(faults)} differ")
    print(f"          revenue left out at {mixed} positions, with an order half of it approved")
    print("last      " + ", ".join(f"{name} {last[name]}" for name in _FIGURES))
    return faults


def _has_money(round_: Row) -> bool:
    return any(item["lineTotalMinor"] for item in round_["items"])


def _find_ready_at(round_: Row) -> datetime | None:
    """Return when a round's last line was ready, without remakes; None while one is not."""
    lines = [
        item for item in round_["items"] if item["status"] != "voided" and item["remakeOf"] is None
    ]
    if round_["firedAt"] is None or not lines:
        return None
    if any(item["status"] not in ("ready", "served") or not item["readyAt"] for item in lines):
        return None
    return max(_read(item["readyAt"]) for item in lines)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


if __name__ == "__main__":
    sys.exit(main())
