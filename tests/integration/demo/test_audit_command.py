"""`tabletap.py audit verify` beside a serving process, as an owner runs it."""

import os
import subprocess
import sys

import pytest

from models.database import close_database, open_database
from tests.support.servers import Server, StartServer
from tests.support.tools import ROOT


def _verify(server: Server, database_url: str, *more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TABLETAP_")
    }
    return subprocess.run(
        [sys.executable, "tabletap.py", "audit", "verify", *more],
        cwd=ROOT,
        env={
            **environment,
            "TABLETAP_DATABASE_URL": database_url,
            "TABLETAP_DATA_DIR": str(server.data_dir),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(180)
def test_a_chain_is_verified_beside_its_server(database_url: str, start_server: StartServer):
    """Whole: 0 and the counts; after a hand in the database: 1 and the place; sealed at the end."""
    server = start_server("demo", "--json", database_url=database_url)
    whole = _verify(server, database_url)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert " whole  1 facts, 0 seals" in whole.stdout
    server.restart()  # a server that stops seals what it leaves
    assert (
        " whole  1 facts, 1 seals, the last one at place 1" in _verify(server, database_url).stdout
    )

    database = open_database(database_url)
    with database.connection_context():
        database.execute_sql("UPDATE audit_entry SET kind = 'sign_out'")
    close_database(database)
    broken = _verify(server, database_url)

    assert broken.returncode == 1
    assert "FAULT  The fact at place 1 does not follow" in broken.stdout
    unknown = _verify(server, database_url, "--cafe", "nobody")
    assert (unknown.returncode, unknown.stdout) == (
        0,
        "nobody  whole  0 facts, 0 seals, the last one at place 0\n",
    )
