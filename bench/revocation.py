"""How soon open sockets end on both processes when access is taken back (must be within 2 s).

Two processes on PostgreSQL with Valkey behind nginx; a person, everybody, a sign-out, one sign-in,
a guest's token, a screen, a removal, and a role that changes (come back), with Valkey and with
Valkey killed. Run: python -m bench.revocation [--rounds N]
"""

import asyncio
import sys
from collections import defaultdict

from bench.machine import build_parser, describe_run, describe_spread
from bench.whole_fleet import run_whole_fleet
from tests.support.revoking import revoke_each_way

_LIMIT_MS = 2000.0


async def main(rounds: int) -> int:
    """Print the times and return 1 where one is too long or a code is wrong."""
    print(describe_run())
    faults = 0
    with run_whole_fleet() as (fleet, valkey, _):
        for state in ("with Valkey", "Valkey killed"):
            if state == "Valkey killed":
                valkey.kill()
            times_ms: dict[str, list[float]] = defaultdict(list)
            for _ in range(rounds):
                for ending in await revoke_each_way(fleet):
                    times_ms[ending.way] += [1000 * each for each in ending.lasted_s]
                    faults += not ending.is_right
            for way, values in times_ms.items():
                faults += sum(value > _LIMIT_MS for value in values)
                print(f"{state:<14} {way:<10} {describe_spread(values, 'ms')}")
    print("wrong codes and times over 2 s:", faults)
    return 1 if faults else 0


if __name__ == "__main__":
    parser = build_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    sys.exit(asyncio.run(main(parser.parse_args().rounds)))
