"""A test that ends with a connection still open fails by itself.

Python would say it too, as a warning when the socket is collected: in whichever test runs then.
"""

from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.waiting import wait_until

# Where Linux says what is open; elsewhere the warning has to do.
_FILES = Path("/proc/self/fd")
_CONNECTIONS = Path("/proc/self/net/tcp")

_known: frozenset[str] = frozenset()
_sockets: frozenset[str] = frozenset()


def list_open_connections() -> frozenset[str]:
    """List this process' TCP connections, as `descriptor: its port > the other's`."""
    if not _CONNECTIONS.exists():
        return frozenset()
    ends = dict(map(_read_connection, _CONNECTIONS.read_text().splitlines()[1:]))
    found = (each.split() for each in list_sockets())
    # What listens has no other end.
    return frozenset(
        f"{name}: {ends[inode]}"
        for name, inode in found
        if inode in ends and not ends[inode].endswith(" 0")
    )


def list_sockets() -> frozenset[str]:
    """List this process' sockets of every kind, as `descriptor inode`."""
    if not _FILES.exists():
        return frozenset()
    found = ((file.name, _read_inode(file)) for file in _FILES.iterdir())
    return frozenset(f"{name} {inode}" for name, inode in found if inode.isdecimal())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Generator[None]:
    """Look once all fixtures are gone. Ends that a thread closes are given the time to."""
    global _known, _sockets
    yield
    # Most tests open nothing, and the list of all connections of the machine takes milliseconds.
    if list_sockets() <= _sockets:
        return
    before = _known
    with suppress(AssertionError):
        wait_until(lambda: list_open_connections() <= before, "connections to be closed")
    _known, _sockets = list_open_connections(), list_sockets()
    left = sorted(_known - before)
    assert not left, f"the test left connections open: {left}"


def _read_connection(row: str) -> tuple[str, str]:
    fields = row.split()
    here, there = (int(end.partition(":")[2], 16) for end in fields[1:3])
    return fields[9], f"port {here} > port {there}"


def _read_inode(file: Path) -> str:
    try:
        return str(file.readlink()).removeprefix("socket:[").removesuffix("]")
    except OSError:  # the folder's own descriptor, closed by now
        return ""
