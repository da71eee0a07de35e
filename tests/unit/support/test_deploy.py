"""What stands in deploy/ fits the product; nginx' file is proved by tests/integration/fleet."""

import re
import shlex

from dotenv import dotenv_values

from config.settings import load_settings
from tabletap import parse_arguments, serve
from tests.support.tools import ROOT

DEPLOY = ROOT / "deploy"


def read_unit() -> dict[str, str]:
    """Read the settings of the systemd unit; a repeated one is its last."""
    lines = (DEPLOY / "tabletap@.service").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]\w+=", line))


def test_the_unit_starts_a_server_on_the_port_that_it_is_named_after():
    """And gives it longer to end than it may take for it."""
    unit = read_unit()
    program, script, *arguments = shlex.split(unit["ExecStart"].replace("%i", "8001"))
    options = parse_arguments(arguments)
    settings = load_settings({})

    assert (script, options.run, options.port) == ("tabletap.py", serve, "8001")
    assert program.startswith(unit["WorkingDirectory"])
    # Operations and requests are waited for one after the other.
    assert float(unit["TimeoutStopSec"]) > 2 * settings.drain_timeout_s


def test_the_settings_of_the_unit_are_settings():
    """In production, for a proxy on the same machine, in the folder that the unit may write to."""
    written = {
        name: value or "" for name, value in dotenv_values(DEPLOY / "tabletap.env.example").items()
    }
    settings = load_settings(written)

    assert settings.is_production
    assert settings.is_secure
    assert settings.trusted_proxies == ("127.0.0.1",)
    assert str(settings.data_dir) == f"/var/lib/{read_unit()['StateDirectory']}"
    assert settings.redis_url
    assert not settings.uses_sqlite


def test_nginx_waits_longer_than_a_socket_is_silent():
    """Or it would cut connections that are alive."""
    text = (DEPLOY / "nginx.conf").read_text()
    settings = load_settings({})
    waits = {float(each) for each in re.findall(r"proxy_(?:read|send)_timeout (\d+)s", text)}

    assert min(waits) > settings.operation_timeout_s
    assert max(waits) > settings.heartbeat_interval_s + settings.heartbeat_grace_s
