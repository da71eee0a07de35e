"""A past service that is scrubbed: how long a day of 5,000 events takes, and each moment of it.

    python -m bench.replay [--orders 270] [--moments 200]

Two days of a small cafe are worked through the operations, on SQLite and on PostgreSQL: orders of
three dishes at two stations, sixty tickets left open each day. Then as /admin/replay asks: the day
anew (`first`), the day that is kept (`page`), moments all over it (`moment`), each in a reader's
thread, with the wall rendered in another (`render`). `lag` is how late the loop was meanwhile.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bench.machine import ROOT, build_parser, describe_run, describe_spread
from domain.commands import FinishItems, PlaceOrder, StartItems
from domain.roles import Role
from domain.views.orders import OrderView
from handlers.assets import Assets
from handlers.templating import Templates
from models.rows import fetch_rows
from services.replay import ReplayMoment, ReplayQuestion, read_replay_day, read_replay_moment
from tests.support.cafes import TestCafe, fill_cafes, open_cafe, units
from tests.support.services import PostgresServer, run_postgres

_OPEN = 30  # orders, of two tickets each
_LAG_EVERY_S = 0.005
_TEMPLATE = "pages/admin_replay_moment.html"


def main() -> int:
    """Measure, and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--orders", type=int, default=270, help="of each day")
    parser.add_argument("--moments", type=int, default=200)
    options = parser.parse_args()
    print(describe_run(), flush=True)
    for name, open_url in (("SQLite", _open_sqlite), ("PostgreSQL", _open_postgres)):
        with open_url() as url:
            fill_cafes(url)
            asyncio.run(_measure(name, url, options))
    return 0


@contextmanager
def _open_sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="tabletap-bench-") as folder:
        yield f"sqlite:///{folder}/cafe.db"


@contextmanager
def _open_postgres() -> Iterator[str]:
    with run_postgres() as url:
        yield PostgresServer(url).create_database()


async def _measure(name: str, url: str, options: Any) -> None:
    async with open_cafe(url) as cafe:
        for _ in range(2):
            await _work_a_day(cafe, options.orders)
        ((events,),) = await cafe.runner.read(
            fetch_rows, "SELECT COUNT(*) FROM event_log WHERE cafe_id = ?", (cafe.cafe_id,)
        )
        templates = _open_templates(cafe)
        lags: list[float] = []
        watch = asyncio.create_task(_watch_loop(lags))
        first, page, moments, rendered = [], [], [], []
        for _ in range(5):
            cafe.now += timedelta(minutes=11)  # what was kept is read anew
            first.append((await _time(cafe, read_replay_day, ReplayQuestion()))[0])
            page.append((await _time(cafe, read_replay_day, ReplayQuestion()))[0])
        random = Random(1)
        for _ in range(options.moments):
            question = ReplayQuestion(second=random.randrange(8 * 3600, 13 * 3600))
            took_ms, moment = await _time(cafe, read_replay_moment, question)
            moments.append(took_ms)
            rendered.append(await _time_rendering(templates, moment))
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
    print(
        f"{name}: {events} events in two days, {len(moment.wall.board.tickets)} tickets open last"
    )
    for word, values in (
        ("first", first),
        ("page", page),
        ("moment", moments),
        ("render", rendered),
        ("lag", lags),
    ):
        print(f"  {word:<8} {describe_spread(values, 'ms')}", flush=True)


async def _work_a_day(cafe: TestCafe, orders: int) -> None:
    """Sell and make a day's orders, all but the last ones."""
    cafe.now = datetime.combine(cafe.now.date() + timedelta(days=1), cafe.now.time(), UTC)
    cafe.now = cafe.now.replace(hour=12, minute=0)
    waiting: list[OrderView] = []
    for number in range(orders):
        lines = [
            cafe.line("Flat white", "Oat"),
            cafe.line("Latte", "Whole"),
            cafe.line("Toastie", "Rye", note="cut in four, please"),
        ]
        order = PlaceOrder(lines=lines, allergy="" if number % 5 else "nuts")
        waiting.append(await cafe.order(Role.COUNTER, "place_order", order))
        cafe.pass_time(seconds=40)
        if len(waiting) > _OPEN:
            await _make(cafe, waiting.pop(0))


async def _make(cafe: TestCafe, order: OrderView) -> None:
    for item in order.items:
        await cafe.do(Role.KITCHEN, "start_items", StartItems(items=units(item)))
        cafe.pass_time(seconds=5)
        await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(item)))


def _open_templates(cafe: TestCafe) -> Templates:
    return Templates(
        folder=ROOT / "templates",
        assets=Assets(Path(ROOT / "static")),
        now=lambda: cafe.now,
        new_id=lambda: "",
    )


async def _time(cafe: TestCafe, read: Any, question: ReplayQuestion) -> tuple[float, Any]:
    started_s = time.perf_counter()
    found = await cafe.runner.read(read, cafe.cafe_id, question, now=cafe.now)
    return 1000 * (time.perf_counter() - started_s), found


async def _time_rendering(templates: Templates, moment: ReplayMoment) -> float:
    started_s = time.perf_counter()
    await asyncio.to_thread(
        templates.render_page,
        _TEMPLATE,
        locale="en",
        time_zone=moment.cafe.timezone,
        nonce="",
        shown_at=moment.wall.at,
        moment=moment,
    )
    return 1000 * (time.perf_counter() - started_s)


async def _watch_loop(lags: list[float]) -> None:
    """Note how much later than it should the loop wakes up."""
    while True:
        started_s = time.perf_counter()
        await asyncio.sleep(_LAG_EVERY_S)
        lags.append(1000 * max(0.0, time.perf_counter() - started_s - _LAG_EVERY_S))


if __name__ == "__main__":
    sys.exit(main())
