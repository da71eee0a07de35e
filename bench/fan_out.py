"""The event plane beside its peers: goals 1 to 8 of docs/performance.md, as ratios within one run.

    npm ci --prefix bench/peers      (once; Node.js, and a C compiler as `cc`, come from the system)
    python -m bench.fan_out [--runs 3] [--only one ten ...]

Every server gets one core and the generator (bench/websocket_load.c) another; servers are started
anew for each run and take turns, so that a noisy minute hits all of them. The product is the real
one, with a token of its own for each connection (bench/fan_out_server.py says how it is fed).
Figures are the server's CPU microseconds per delivered message, medians of the runs.
Exit code 1 where a goal is missed, 2 where a tool is.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import msgspec

from bench.fan_out_server import Ready
from bench.machine import ROOT, describe_run
from tests.support.services import find_free_port

_PEERS = ROOT / "bench" / "peers"
_SERVER_CORE, _GENERATOR_CORE, _BOTH_CORES = "0", "1", "0,1"
_START_DEADLINE_S = 30.0
_NEST_SCRIPT = (
    *("-P", "/socket.io/?EIO=4&transport=websocket", "-a", "-W", "0{"),
    *("-S", "40/kitchen,", "-W", "40/kitchen"),
    *("-S", '42/kitchen,["join_cafe",{"cafeId":"c1"}]', "-W", "joined"),
)
_AUTHENTICATE = '["{\\"type\\":\\"authenticate\\",\\"data\\":{\\"token\\":\\"%t\\"}}"]'
_PRODUCT_SCRIPT = (
    *("-P", "/ws/counter/000/s%d/websocket", "-m", "shot", "-W", "o"),
    *("-S", _AUTHENTICATE, "-W", "joined"),
)
_SOCKJS_SCRIPT = ("-P", "/kitchen/000/s%d/websocket", "-W", "o")


class Load(NamedTuple):
    """What a run does. rate: messages a second, 0 is as fast as it goes. batch: per loop turn."""

    connections: int
    messages: int
    mode: str = "burst"
    rate: int = 0
    batch: int = 1
    stalled: int = 0

    @property
    def trigger(self) -> str:
        return f"start:{self.mode}:{self.messages}:{self.rate}:{self.batch}"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the generator counted."""

    connected: int
    srv_us_per_delivery: float
    srv_us_per_handshake: float
    kb_per_conn: float
    rss1_kb: int
    rss2_kb: int
    p50_ms: float
    p99_ms: float
    missing: int
    duplicated: int
    out_of_order: int


class Peer(NamedTuple):
    """A server that is compared with. command: with its port in place of {port}."""

    command: tuple[str, ...]
    script: tuple[str, ...]
    # How the trigger is written in its protocol.
    frame: str = "{}"


class Goal(NamedTuple):
    """One line of the table. read: the reached value, from medians by (load, server)."""

    number: str
    work: str
    needs: str
    is_reached: Callable[[float], bool]
    read: Callable[[Mapping[tuple[str, str], Result]], float]


LOADS = {
    "one": (Load(1000, 120), ("product", "nest", "sockjs", "c-send")),
    "ten": (Load(1000, 600, batch=10), ("product", "nest", "bun", "c-writev")),
    "many": (Load(5000, 30), ("product", "nest", "bun")),
    "rate": (Load(1000, 100, mode="rate", rate=20), ("product", "nest")),
    "quick": (Load(50, 20_000, batch=10), ("product",)),
    "stalled": (Load(50, 20_000, batch=10, stalled=5), ("product",)),
    "busy": (Load(200, 60, mode="busy", rate=20), ("product",)),
}


def main() -> int:
    """Run everything and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=LOADS, default=list(LOADS))
    options = parser.parse_args()
    lacking = _find_lacking()
    if lacking:
        print(lacking, file=sys.stderr)
        return 2
    print(describe_run())
    results: dict[tuple[str, str], list[Result]] = {}
    with tempfile.TemporaryDirectory(prefix="tabletap-bench-") as name:
        folder = Path(name)
        generator = _compile(ROOT / "bench" / "websocket_load.c", folder)
        peers = _list_peers(_compile(_PEERS / "kernel_limit.c", folder))
        for _ in range(options.runs):
            for load_name in options.only:
                load, servers = LOADS[load_name]
                for server in servers:
                    result = _measure(generator, load, peers.get(server), folder)
                    results.setdefault((load_name, server), []).append(result)
                    print(_describe(load_name, server, result), flush=True)
    medians = {key: _take_medians(each) for key, each in results.items()}
    print("\nmedians")
    for (load_name, server), median in medians.items():
        print(_describe(load_name, server, median))
    return _report(medians)


def _find_lacking() -> str | None:
    """Say what has to be installed first."""
    if shutil.which("cc") is None:
        return "There is no C compiler. Install one (on Debian: apt install gcc libc6-dev)."
    if shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return "This needs Linux, taskset and two CPUs: one for the server, one for the load."
    if shutil.which("node") is None or not (_PEERS / "node_modules" / "@nestjs").exists():
        return "The peers are not installed. Run: npm ci --prefix bench/peers"
    return None


def _compile(source: Path, folder: Path) -> Path:
    program = folder / source.stem
    command = ["cc", "-O2", "-o", str(program), str(source)]
    subprocess.run(command, check=True)  # noqa: S603 - sources of this folder
    return program


def _list_peers(limit: Path) -> dict[str, Peer]:
    plain = ("-P", "/")
    # Its install script, where npm runs those, moves the program and leaves a note.
    programs = (_PEERS / "node_modules").glob("@oven/*/bin/bun")
    moved = _PEERS / "node_modules" / "bun" / "bin" / "bun.exe"
    bun = next(programs, moved)
    return {
        "c-send": Peer((str(limit), "{port}", "each"), plain),
        "c-writev": Peer((str(limit), "{port}", "batch"), plain),
        "bun": Peer((str(bun), str(_PEERS / "bun.js"), "{port}"), plain),
        "nest": Peer(
            ("node", str(_PEERS / "nest.js"), "{port}"), _NEST_SCRIPT, '42/kitchen,["start","{}"]'
        ),
        "sockjs": Peer(
            (sys.executable, "-m", "bench.peers.sockjs", "{port}"), _SOCKJS_SCRIPT, '["{}"]'
        ),
    }


def _measure(generator: Path, load: Load, peer: Peer | None, folder: Path) -> Result:
    """Start a server, load it and end it. peer: None is the product."""
    core = _BOTH_CORES if load.mode == "busy" else _SERVER_CORE
    if peer is None:
        with _run_product(core, load, folder) as (pid, port, script):
            return _load(generator, load, pid, port, script)
    port = find_free_port()
    command = [part.format(port=port) for part in peer.command]
    with _run(core, command, stdout=None) as process:
        _wait_for_port(port)
        script = (*peer.script, "-G", peer.frame.format(load.trigger))
        return _load(generator, load, process.pid, port, script)


@contextmanager
def _run_product(core: str, load: Load, folder: Path) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    with tempfile.TemporaryDirectory(dir=folder) as data_dir:
        command = [sys.executable, "-m", "bench.fan_out_server", "--data-dir", data_dir]
        command += ["--tokens", str(load.connections)]
        with _run(core, command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            ready = msgspec.json.decode(process.stdout.readline(), type=Ready)
            control = ("-g", str(ready.control_port), "-F", ready.tokens_file)
            script = (*_PRODUCT_SCRIPT, *control, "-G", load.trigger)
            yield process.pid, ready.port, script


@contextmanager
def _run(
    core: str, command: list[str], *, stdout: int | IO[bytes] | None
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - commands of this file
        ["taskset", "-c", core, *command],  # noqa: S607 - whichever taskset is there
        cwd=ROOT,
        stdout=stdout,
        env={**os.environ, "NODE_ENV": "production"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_for_port(port: int) -> None:
    """Wait until a peer listens: all of them do so on IPv4 (proc(5), net/tcp: state 0A)."""
    listening = f":{port:04X} 00000000:0000 0A"
    ends_s = time.monotonic() + _START_DEADLINE_S
    while listening not in Path("/proc/net/tcp").read_text():
        if time.monotonic() > ends_s:
            raise TimeoutError("a peer did not start")
        time.sleep(0.05)


def _load(generator: Path, load: Load, pid: int, port: int, script: tuple[str, ...]) -> Result:
    stalled = ("-L", str(load.stalled), "-r", "4096") if load.stalled else ()
    done = subprocess.run(  # noqa: S603 - commands of this file
        [
            *("taskset", "-c", _GENERATOR_CORE, str(generator), "-b", "-I", "1", "-T", "60"),
            *("-p", str(port), "-n", str(load.connections), "-M", str(load.messages)),
            *("-K", str(pid), *stalled, *script),
        ],
        capture_output=True,
        check=True,
    )
    result = msgspec.json.decode(done.stdout, type=Result)
    if result.connected != load.connections:
        raise RuntimeError(f"{result.connected} connected: {done.stderr.decode()[:300]}")
    return result


def _take_medians(results: list[Result]) -> Result:
    """Take each figure's median; of what must not happen, the most."""
    values = [msgspec.structs.asdict(each) for each in results]
    worst = {"missing", "duplicated", "out_of_order"}
    return msgspec.convert(
        {
            name: (max if name in worst else statistics.median)(each[name] for each in values)
            for name in values[0]
        },
        Result,
        strict=False,
    )


def _describe(load_name: str, server: str, result: Result) -> str:
    wrong = result.missing + result.duplicated + result.out_of_order
    return (
        f"{load_name:<8}{server:<9}{result.srv_us_per_delivery:8.2f} us a delivery"
        f"{result.p50_ms:9.1f} p50{result.p99_ms:9.1f} p99 ms"
        f"{result.srv_us_per_handshake:8.0f} us a handshake"
        f"{result.kb_per_conn:7.1f} KB a connection{wrong:7} missing or wrong"
    )


_Medians = Mapping[tuple[str, str], Result]


def _cheaper(load_name: str, peer: str) -> Callable[[_Medians], float]:
    """How many times the product's CPU time per delivery a peer takes."""
    return lambda medians: (
        medians[load_name, peer].srv_us_per_delivery
        / medians[load_name, "product"].srv_us_per_delivery
    )


def _sooner(name: str) -> Callable[[_Medians], float]:
    return lambda medians: (
        getattr(medians["rate", "product"], name) / getattr(medians["rate", "nest"], name)
    )


def _read_growth_mib(medians: _Medians) -> float:
    """Memory that each stalled reader took: beside the same load without any."""
    stalled, quick = medians["stalled", "product"], medians["quick", "product"]
    growth_kb = (stalled.rss2_kb - stalled.rss1_kb) - (quick.rss2_kb - quick.rss1_kb)
    return growth_kb / 1024 / LOADS["stalled"][0].stalled


def _count_wrong(load_name: str) -> Callable[[_Medians], float]:
    def count(medians: _Medians) -> float:
        result = medians[load_name, "product"]
        return result.missing + result.duplicated + result.out_of_order

    return count


def _at_least(value: float) -> Callable[[float], bool]:
    return lambda reached: reached >= value


def _at_most(value: float) -> Callable[[float], bool]:
    return lambda reached: reached <= value


GOALS = [
    Goal(
        "1", "one message a turn, 1,000", ">= 2.0 x NestJS", _at_least(2), _cheaper("one", "nest")
    ),
    Goal("1", "", ">= 5 x sockjs-tornado", _at_least(5), _cheaper("one", "sockjs")),
    Goal("1", "", ">= 0.6 of C send()", _at_least(0.6), _cheaper("one", "c-send")),
    Goal(
        "2", "ten messages a turn, 1,000", ">= 12 x NestJS", _at_least(12), _cheaper("ten", "nest")
    ),
    Goal("2", "", ">= 0.9 x Bun", _at_least(0.9), _cheaper("ten", "bun")),
    Goal("2", "", ">= 0.7 of C writev()", _at_least(0.7), _cheaper("ten", "c-writev")),
    Goal(
        "3", "one message a turn, 5,000", ">= 2.0 x NestJS", _at_least(2), _cheaper("many", "nest")
    ),
    Goal("3", "", ">= 0.8 x Bun", _at_least(0.8), _cheaper("many", "bun")),
    Goal("4", "20 messages/s x 1,000", "p50 <= 0.6 x NestJS", _at_most(0.6), _sooner("p50_ms")),
    Goal("4", "", "p99 <= 0.5 x NestJS", _at_most(0.5), _sooner("p99_ms")),
    Goal(
        *("5", "idle connection, 5,000", "<= 20 KB", _at_most(20)),
        lambda medians: medians["many", "product"].kb_per_conn,
    ),
    Goal(
        *("6", "handshake with JWT and join", ">= 2 x NestJS", _at_least(2)),
        lambda medians: (
            medians["one", "nest"].srv_us_per_handshake
            / medians["one", "product"].srv_us_per_handshake
        ),
    ),
    Goal("7", "five stalled readers", "<= 1.1 MiB each", _at_most(1.1), _read_growth_mib),
    Goal("7", "", "the others lack 0", _at_most(0), _count_wrong("stalled")),
    Goal("8", "busy thread, 200 x 20/s", "undelivered 0", _at_most(0), _count_wrong("busy")),
    Goal(
        *("8", "", "p99 <= 80 ms", _at_most(80)),
        lambda medians: medians["busy", "product"].p99_ms,
    ),
]


def _report(medians: _Medians) -> int:
    exit_code = 0
    print("\ngoal  work                          needed                  reached")
    for goal in GOALS:
        try:
            reached = goal.read(medians)
        except KeyError:  # not measured in this run
            continue
        verdict = "reached" if goal.is_reached(reached) else "MISSED"
        exit_code |= verdict == "MISSED"
        print(f"{goal.number:<6}{goal.work:<30}{goal.needs:<24}{reached:<9.2f}{verdict}")
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
