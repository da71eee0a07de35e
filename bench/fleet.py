"""A service over two processes while the Valkey between them fails; nothing of it may show.

A guest at one process, kitchen and office at the other, everybody else through nginx. In each state
tables are served one after the other for some seconds; the times are those of its steps. At the end
every screen's stream is held against the log. Run: python -m bench.fleet [--seconds N]
"""

import asyncio
import sys
import time
from collections.abc import Callable

from bench.demo_server import list_complaints
from bench.machine import build_parser, describe_run, describe_spread, find_percentile
from bench.whole_fleet import run_whole_fleet
from tests.support.house import House, Served, open_house
from tests.support.valkey import ValkeyServer

# An order must take no longer than this with whatever is wrong with Redis (requirement G2).
_LIMIT_MS = 500.0
_PRESENCE_LIMIT_S = 30.0
_STEPS = ("order_s", "seen_s", "bump_s", "pay_s", "refund_s")
_STAFF_SCREENS = 3


def _list_states(valkey: ValkeyServer) -> list[tuple[str, Callable[[], None]]]:
    """List what is done to it, in order; what is broken is mended by the next but one."""
    return [
        ("well", lambda: None),
        ("killed", valkey.kill),
        ("started again", valkey.start),
        ("frozen", valkey.freeze),
        ("thawed", valkey.thaw),
        ("flushed", valkey.flush),
        ("restarted", valkey.restart),
    ]


async def main(seconds: float) -> int:
    """Print the times and return 1 where an order took too long or something was lost."""
    print(describe_run())
    is_slow = False
    with run_whole_fleet() as (fleet, valkey, _):
        async with open_house(fleet) as house:
            for state, make in _list_states(valkey):
                make()
                begun_at_s = time.monotonic()
                served = await _serve_for(house, seconds)
                for step in _STEPS:
                    values = [1000 * getattr(each, step) for each in served]
                    print(f"{state:<14} {step[:-2]:<7} {describe_spread(values, 'ms')}")
                    if step == "order_s":
                        is_slow |= find_percentile(values, 99) > _LIMIT_MS
                if state not in ("killed", "frozen"):
                    right_s = await _wait_for_presence(house) - begun_at_s
                    print(f"{state:<14} presence is right after at most {right_s:.1f} s")
                    is_slow |= right_s > max(_PRESENCE_LIMIT_S, seconds + 5)
            await house.check()
        for process in fleet.processes:
            complaints = sorted(set(list_complaints(process)))
            print("logged", *complaints, sep="\n  ")
        print("nginx  ", fleet.read_complaints_of_nginx() or "nothing")
    print("every screen's stream is the log; every order is paid and refunded once")
    return 1 if is_slow else 0


async def _serve_for(house: House, seconds: float) -> list[Served]:
    ends_at_s = time.monotonic() + seconds
    served: list[Served] = []
    while time.monotonic() < ends_at_s:
        served.append(await house.serve_table())
    return served


async def _wait_for_presence(house: House) -> float:
    """Wait until two answers in a row, of either process, show who is there; return the time."""
    right = 0
    deadline_s = time.monotonic() + 2 * _PRESENCE_LIMIT_S
    while right < 2:
        if time.monotonic() > deadline_s:
            raise AssertionError("presence was not right a minute later")
        connections = await house.list_connections()
        right = right + 1 if connections and len(connections) == _STAFF_SCREENS else 0
        await asyncio.sleep(0.1)
    return time.monotonic()


if __name__ == "__main__":
    parser = build_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="in each state")
    sys.exit(asyncio.run(main(parser.parse_args().seconds)))
