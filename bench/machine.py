"""What every benchmark prints beside its numbers: the machine, the versions, the command."""

import argparse
import os
import platform
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[1]


def describe_run() -> str:
    """Say on what and by which command the numbers below were made."""
    return "\n".join(
        (
            f"machine   {_find_processor()}, {os.cpu_count()} CPUs, {platform.platform()}",
            f"versions  Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
            f"TableTap {_find_commit()}",
            f"command   python -m {_find_module()} {' '.join(sys.argv[1:])}".rstrip(),
        )
    )


def build_parser(about: str | None) -> argparse.ArgumentParser:
    """Make the parser of a benchmark's options. about: the module's docstring."""
    return argparse.ArgumentParser(description=(about or "").partition("\n")[0])


def find_percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)  # rounded up: the nearest-rank method
    return ordered[max(int(rank), 1) - 1]


def describe_spread(values: Sequence[float], unit: str) -> str:
    """Say count, median, high percentiles and the largest of measured values."""
    points = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    shares = ", ".join(f"{name} {find_percentile(values, at):.1f}" for name, at in points.items())
    return f"n {len(values)}: {shares} {unit}"


def fit_slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the straight line that fits points (x, y) best; 0 below two points."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def read_rss_bytes(pid: int) -> int:
    """Return the resident memory of a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


def read_queued_ms(pid: int | None = None) -> float:
    """Return how long this thread has been ready to run while others had the CPUs (Linux).

    pid: of another process, whose main thread is meant: the one with the loop.
    """
    place = "thread-self" if pid is None else str(pid)
    return int(Path(f"/proc/{place}/schedstat").read_text().split()[1]) / 1e6


def report_verdict(faults: Sequence[str]) -> int:
    """Print what a proof has found and return its exit code: 0 where that is nothing."""
    for fault in faults:
        print(f"FAULT     {fault}")
    print("result    " + ("FAILED" if faults else "passed"))
    return 1 if faults else 0


def run_proof(main: Callable[[], int]) -> NoReturn:
    """Run a proof, say how long it took and end the process with its exit code."""
    started_s = time.monotonic()
    code = main()
    print(f"took      {time.monotonic() - started_s:.0f} s")
    sys.exit(code)


def _find_processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _find_commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 - whichever git is there
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _find_module() -> str:
    path = Path(sys.argv[0])
    return f"bench.{path.parent.name if path.stem == '__main__' else path.stem}"
