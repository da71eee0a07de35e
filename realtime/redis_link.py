"""The only module that imports redis: one client, a time-out on every call, a breaker.

A call that fails opens the breaker, and until the next probe succeeds every call fails at once
(`RedisAway`), so that a Redis that is gone or frozen costs one time-out and not one for each
command. The bus probes every second (realtime/redis_bus.py). A Redis that is there and refuses
(no memory, read-only) is asked on, since it may refuse some calls alone. Valkey speaks the same
protocol.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from config.logging import get_logger

log = get_logger(__name__)

_Result = TypeVar("_Result")

# Calls at once; more wait for a free connection, inside the call's time-out.
_CONNECTIONS = 32
# One round trip of a pipeline: some 5 ms of the loop and of Redis, so that nobody waits for long.
_PIPELINE_CALLS = 100
_PROBE_KEY, _PROBE_TTL_MS = "tabletap:probe", 10_000
# What goes wrong with every call is said this often, and counts as going on for as long.
_REMIND_S = 10.0


class RedisAway(Exception):
    """Redis did not answer, or not as it should. Go on without it."""


class Reminder:
    """Keeps a log readable: of what happens all the time it lets one in ten seconds through."""

    def __init__(self) -> None:
        self._again_at_s = 0.0
        self._last_at_s = -_REMIND_S

    def is_due(self) -> bool:
        """Note that it happened; say whether to log it."""
        now_s = self._last_at_s = asyncio.get_running_loop().time()
        if now_s < self._again_at_s:
            return False
        self._again_at_s = now_s + _REMIND_S
        return True

    def is_recent(self) -> bool:
        """Whether it happened a moment ago."""
        return asyncio.get_running_loop().time() - self._last_at_s < _REMIND_S


class Script:
    """A Lua script; Redis keeps it by its hash and is given it again where it forgot it."""

    def __init__(self, source: str) -> None:
        self.source = source
        # SHA-1 is Redis' own name for a script, nothing is kept secret by it.
        self.name = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


class Call:
    """One call of a script."""

    def __init__(self, keys: Sequence[str], arguments: Sequence[str | int | float]) -> None:
        self.keys = keys
        self.arguments = arguments

    @property
    def parts(self) -> list[str | int | float]:
        """What EVALSHA takes after the script's name."""
        return [len(self.keys), *self.keys, *self.arguments]


class Subscription:
    """Messages of some channels."""

    def __init__(self, channels: Any, *, timeout_s: float) -> None:
        self._channels = channels
        self._timeout_s = timeout_s

    async def read(self, *, wait_s: float) -> tuple[str, bytes] | None:
        """Return (channel, payload), or None: nothing came in time, or nothing for the reader.

        Raises: RedisAway.
        """
        try:
            # A connection that broke is made anew in here, which must not take for ever either.
            async with asyncio.timeout(wait_s + self._timeout_s):
                message = await self._channels.get_message(
                    ignore_subscribe_messages=True, timeout=wait_s
                )
        except (RedisError, OSError, TimeoutError) as error:
            raise RedisAway(type(error).__name__) from error
        if message is None:
            return None
        return message["channel"].decode("utf-8", "replace"), message["data"]


class RedisLink:
    """The way to Redis. It connects by itself when it is first called."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        # From the pool, so that closing the client closes it too.
        self._client = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=timeout_s,
                # `_try` ends a call that takes too long. The library's own time-out for sending
                # would do so by `asyncio.wait_for`, which before Python 3.12 may lose a
                # cancellation: whoever stopped a task that was calling would wait for ever.
                socket_timeout=None,
                socket_connect_timeout=timeout_s,
                retry=Retry(NoBackoff(), 0),
            )
        )
        self._is_open = False
        self._refusals = Reminder()

    @property
    def is_away(self) -> bool:
        """Whether the breaker is open: the last call failed and no probe has succeeded since."""
        return self._is_open

    @property
    def is_refusing(self) -> bool:
        """Whether it answers, but would not do what it was asked a moment ago."""
        return self._refusals.is_recent()

    async def probe(self) -> None:
        """Ask whether Redis is there; close the breaker if it is. Raises: RedisAway.

        One that is there and refuses raises nothing: see `is_refusing`.
        """
        await self._try(lambda: self._ping())
        if self._is_open:
            self._is_open = False
            log.info("redis_back")
        # One without memory, or a replica by mistake, answers and keeps nothing: better that a
        # quiet process knows it too.
        with suppress(RedisAway):
            await self.set(_PROBE_KEY, "1", ttl_ms=_PROBE_TTL_MS)

    async def publish(self, channel: str, payload: bytes) -> None:
        """Send to a channel. Raises: RedisAway."""
        await self._call(lambda: self._client.publish(channel, payload))

    async def set(self, key: str, value: str, *, ttl_ms: int) -> None:
        """Keep a value for a while. Raises: RedisAway."""
        await self._call(lambda: self._client.set(key, value, px=ttl_ms))

    async def run(self, script: Script, call: Call) -> Any:
        """Run a script once. Raises: RedisAway."""
        return await self._call(lambda: self._run(script, call))

    async def run_many(self, script: Script, calls: Sequence[Call]) -> list[Any]:
        """Run a script for each call, many in one round trip; list answers. Raises: RedisAway."""
        answers: list[Any] = []
        for start in range(0, len(calls), _PIPELINE_CALLS):
            first, *others = calls[start : start + _PIPELINE_CALLS]
            # The first alone: it teaches Redis the script where it was flushed.
            answers.append(await self.run(script, first))
            if others:
                answers += await self._call(partial(self._run_pipeline, script, others))
        return answers

    @asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncIterator[Subscription]:
        """Listen to channels, on a connection of its own. Raises: RedisAway."""
        listener = self._client.pubsub()
        try:
            await self._try(lambda: listener.subscribe(*channels))
            yield Subscription(listener, timeout_s=self._timeout_s)
        finally:
            # A frozen server answers no farewell.
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(self._timeout_s):
                    await listener.aclose()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Give the connections back."""
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                await self._client.aclose()

    async def _ping(self) -> Any:
        return await self._client.execute_command("PING")  # type: ignore[no-untyped-call]

    async def _run(self, script: Script, call: Call) -> Any:
        try:
            return await self._client.execute_command(  # type: ignore[no-untyped-call]
                "EVALSHA", script.name, *call.parts
            )
        except NoScriptError:
            return await self._client.execute_command(  # type: ignore[no-untyped-call]
                "EVAL", script.source, *call.parts
            )

    async def _run_pipeline(self, script: Script, calls: Sequence[Call]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for call in calls:
            pipeline.execute_command("EVALSHA", script.name, *call.parts)
        return await pipeline.execute()

    async def _call(self, command: Callable[[], Awaitable[_Result]]) -> _Result:
        if self._is_open:
            raise RedisAway("breaker")
        return await self._try(command)

    async def _try(self, command: Callable[[], Awaitable[_Result]]) -> _Result:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await command()
        except ResponseError as error:
            # It is there and refuses: a key of another type, no memory. The others may pass.
            if self._refusals.is_due():
                log.warning("redis_refused", reason=type(error).__name__)
            raise RedisAway(type(error).__name__) from error
        except (RedisError, OSError, TimeoutError) as error:
            if not self._is_open:
                self._is_open = True
                log.warning("redis_away", reason=type(error).__name__)
            raise RedisAway(type(error).__name__) from error
