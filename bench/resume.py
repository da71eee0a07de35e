"""Drop sockets at random points while a cafe works: what their readers have is the log.

    python -m bench.resume [--drops 50] [--database sqlite postgres] [--seed 1]

Four readers (management, kitchen, board and a guest) lose their TCP connection at so many random
points each and resume with their position; at the end each stream is compared with the log. Exit
code 1 when one of them is not exactly what its rooms show of the log.
"""

import asyncio

from bench.demo_server import list_complaints, open_database, read_description, run_demo
from bench.machine import build_parser, describe_run, describe_spread, report_verdict, run_proof
from tests.support.dropping import Resumption, drop_and_resume


def main() -> int:
    """Run the proof on the databases that were asked for and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--drops", type=int, default=50, help="of each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", nargs="+", default=["sqlite", "postgres"])
    options = parser.parse_args()
    print(describe_run())
    faults: list[str] = []
    for kind in options.database:
        with open_database(kind) as url, run_demo(database_url=url) as server:
            run = drop_and_resume(read_description(server), drops=options.drops, seed=options.seed)
            result = asyncio.run(run)
            _print_result(kind, result)
            faults += [
                f"{kind} {reader.name}: {fault}"
                for reader in result.readers
                for fault in reader.differences
            ]
            faults += [f"{kind}: logged: {each}" for each in list_complaints(server)[:10]]
    return report_verdict(faults)


def _print_result(kind: str, result: Resumption) -> None:
    print(f"{kind:<9} {result.events} events in {result.duration_s:.1f} s of dropping")
    for reader in result.readers:
        modes = ", ".join(f"{count} {mode}" for mode, count in sorted(reader.modes.items()))
        away = describe_spread([each * 1000 for each in reader.away_s], "ms")
        print(
            f"  {reader.name:<11} {reader.drops} drops, joined: {modes}; {reader.received} events "
            f"received, {'as in the log' if not reader.differences else 'NOT AS IN THE LOG'}\n"
            f"  {'':<11} from cut to joined again: {away}"
        )


if __name__ == "__main__":
    run_proof(main)
