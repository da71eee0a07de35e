"""Several processes of TableTap as an operator runs them: PostgreSQL, Valkey, and nginx in front.

`run_fleet` starts a demo's cafe with the files of deploy/; the ports are the only things in
nginx' configuration that a test changes. Each process can also be asked by itself.
"""

import contextlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg2

from bench.demo_server import read_description
from domain.demo import DemoDescription
from tests.support.servers import Server
from tests.support.services import find_free_port
from tests.support.tools import ROOT, ToolMissing, find_nginx
from tests.support.waiting import wait_until

_CONFIGURATION = ROOT / "deploy" / "nginx.conf"
# What stands around a file of conf.d, as small as it can be.
_AROUND = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/tabletap.conf;
}}
"""
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """url: of nginx. processes: the first has made the cafe."""

    url: str
    processes: list[Server]
    folder: Path

    @property
    def description(self) -> DemoDescription:
        """The cafe as seen through nginx."""
        return read_description(self.processes[0])

    def describe(self, number: int) -> DemoDescription:
        """Describe the cafe as seen at one process, past nginx."""
        return msgspec.structs.replace(self.description, url=self.processes[number].url)

    def read_complaints_of_nginx(self) -> list[str]:
        """List what nginx wrote into its log of errors."""
        return (self.folder / "error.log").read_text().splitlines()


def read_audit(database_url: str, kind: str) -> list[dict[str, Any]]:
    """Read what the audit of a PostgreSQL holds of a kind, oldest first."""
    connection = psycopg2.connect(database_url)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT details FROM audit_entry WHERE kind = %s ORDER BY at, id", (kind,))
        rows = cursor.fetchall()
    return [row[0] if isinstance(row[0], dict) else json.loads(row[0]) for row in rows]


@contextlib.contextmanager
def run_fleet(
    folder: Path, *, database_url: str, redis_url: str = "", count: int = 2, **settings: str
) -> Iterator[Fleet]:
    """Run processes and nginx until the block ends. folder: an empty one for all their files."""
    nginx_port = find_free_port()
    shared = {
        "database_url": database_url,
        "redis_url": redis_url,
        # The keys that sign tokens are in it.
        "data_dir": str(folder / "data"),
        "public_url": f"http://127.0.0.1:{nginx_port}",
        "trusted_proxies": "127.0.0.1",
        **settings,
    }
    processes: list[Server] = []
    for number in range(count):
        own = folder / f"process-{number}"
        own.mkdir()
        command = ["serve"] if number else ["demo", "--json"]
        processes.append(Server(data_dir=own, settings=shared, command=command))
    fleet = Fleet(url=f"http://127.0.0.1:{nginx_port}", processes=processes, folder=folder)
    try:
        for process in processes:
            process.start()
        with _run_nginx(folder, port=nginx_port, targets=[each.port for each in processes]):
            yield fleet
    finally:
        for process in processes:
            if process.is_running:
                process.stop()


@contextlib.contextmanager
def _run_nginx(folder: Path, *, port: int, targets: list[int]) -> Iterator[None]:
    (folder / "tabletap.conf").write_text(_fill_in(port=port, targets=targets))
    main = folder / "nginx.conf"
    # As root its workers would be nobody, who may not look into the folder.
    main.write_text(_AROUND.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    command = [str(find_nginx()), "-c", str(main), "-p", str(folder), "-e", f"{folder}/error.log"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    if checked.returncode:
        raise ToolMissing("nginx", f"It does not take deploy/nginx.conf: {checked.stderr}")
    process = subprocess.Popen(command)
    try:
        wait_until(lambda: _answers(port), f"nginx to answer on {port}")
        yield
    finally:
        process.terminate()
        process.wait(30)


def _fill_in(*, port: int, targets: list[int]) -> str:
    """Put our ports into the configuration: one line a process in each upstream."""
    text = _CONFIGURATION.read_text().replace("listen 80;", f"listen 127.0.0.1:{port};")
    lines = re.findall(
        r"^ +server 127\.0\.0\.1:8001 .*\n +server 127\.0\.0\.1:8002 .*\n", text, re.M
    )
    assert len(lines) == 2, "the upstreams of deploy/nginx.conf have changed"
    for both in lines:
        one = both.splitlines(keepends=True)[0]
        text = text.replace(both, "".join(one.replace("8001", str(each)) for each in targets))
    return text


def _answers(port: int) -> bool:
    try:
        with _OPENER.open(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
