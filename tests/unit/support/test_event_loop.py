"""The loop that tests run on finds what debug mode finds, and keeps no stacks."""

import asyncio

import pytest

from tests.support.event_loop import CheckingLoop


async def test_tests_run_on_the_checking_loop():
    """Also those that ask for nothing."""
    assert isinstance(asyncio.get_running_loop(), CheckingLoop)


async def test_a_callback_from_a_foreign_thread_is_an_error():
    """Without debug mode it would be called late, or never."""
    loop = asyncio.get_running_loop()

    with pytest.raises(RuntimeError, match="Non-thread-safe"):
        await asyncio.to_thread(loop.call_soon, print)


async def test_a_coroutine_as_a_callback_is_an_error():
    """It would never run."""

    async def forgotten() -> None:
        """Be given where a function belongs."""

    with pytest.raises(TypeError, match="coroutines cannot be used"):
        asyncio.get_running_loop().call_soon(forgotten)


async def test_futures_keep_no_stacks():
    """They are what makes debug mode slow."""
    future = asyncio.get_running_loop().create_future()

    assert "created at" not in repr(future)
