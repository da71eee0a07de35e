"""Readiness: each thing that this process needs, by name.

Must not hang: a check that takes too long has failed. What is wrong goes to the log alone.
handlers/probes.py answers /readyz with it; composition says what the checks are.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from config.logging import get_logger

_CHECK_TIMEOUT_S = 2.0

log = get_logger(__name__)


class ReadinessCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that should work. check: returns when it does, raises when it does not.

    is_required: without it this process is not ready; else it is, only worse.
    """

    name: str
    check: Callable[[], Awaitable[None]]
    is_required: bool = True


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is told about a check: its name and state; the reason is in the log alone."""

    name: str
    is_ok: bool


class Readiness(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """is_degraded: ready, but something that should work does not."""

    is_ready: bool
    is_degraded: bool
    checks: list[CheckResult]


async def run_checks(checks: tuple[ReadinessCheck, ...]) -> Readiness:
    """Run all checks at once, each with a deadline."""
    results = await asyncio.gather(*(_run(each) for each in checks))
    failed = [check for check, result in zip(checks, results, strict=True) if not result.is_ok]
    is_ready = not any(check.is_required for check in failed)
    return Readiness(is_ready=is_ready, is_degraded=is_ready and bool(failed), checks=list(results))


async def _run(check: ReadinessCheck) -> CheckResult:
    try:
        await asyncio.wait_for(check.check(), _CHECK_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not ready
        log.info("readiness_check_failed", check=check.name, reason=type(error).__name__)
        return CheckResult(name=check.name, is_ok=False)
    return CheckResult(name=check.name, is_ok=True)
