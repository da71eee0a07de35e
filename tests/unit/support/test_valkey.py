"""The tests' own Valkey: it does what a test asks of a Redis that fails."""

from collections.abc import Callable

import pytest
from redis.exceptions import NoScriptError, RedisError

from tests.support.tools import find_nginx
from tests.support.valkey import ValkeyServer


@pytest.mark.parametrize("forget", [ValkeyServer.flush, ValkeyServer.restart])
def test_it_forgets_everything(valkey: ValkeyServer, forget: Callable[[ValkeyServer], None]):
    """Keys and scripts, and it is on the same port afterwards."""
    with valkey.connect() as client:
        client.set("cup", "full")
        script = client.script_load("return 1")
    forget(valkey)
    with valkey.connect() as client:
        assert client.get("cup") is None
        with pytest.raises(NoScriptError):
            client.evalsha(script, 0)


def test_frozen_it_takes_connections_and_answers_nothing(valkey: ValkeyServer):
    """As a machine that swaps, or a network that swallows packets."""
    valkey.freeze()
    with valkey.connect() as client:
        client.connection_pool.connection_kwargs["socket_timeout"] = 0.1
        with pytest.raises(RedisError):
            client.ping()
    valkey.thaw()
    with valkey.connect() as client:
        assert client.ping()


def test_there_is_an_nginx():
    """It runs, wherever it comes from."""
    assert find_nginx().exists()
