"""Commands of `tabletap.py` that were given the wrong folder: a plain sentence, nothing made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tools import ROOT


def _run(data_dir: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("TABLETAP_")
    }
    return subprocess.run(
        [sys.executable, "tabletap.py", *command, "--data-dir", str(data_dir)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [("rotate-key",), ("audit", "verify")])
def test_a_folder_without_keys_gets_none(tmp_path: Path, command: tuple[str, ...]):
    """Keys that no server has would only look like the right ones."""
    done = _run(tmp_path, *command)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"tabletap: There are no keys in {tmp_path}. Name the folder of the server's: --data-dir.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_epoch_is_renewed_in_a_database_that_has_one(tmp_path: Path):
    """An empty one is most likely another's."""
    done = _run(tmp_path, "renew-epoch")

    assert done.returncode == 2
    assert "not migrated" in done.stderr
    assert "no such table" not in done.stderr


def test_a_data_folder_that_cannot_be_made_is_said_so(tmp_path: Path):
    """By the name of its setting."""
    (tmp_path / "file").write_text("")

    done = _run(tmp_path / "file" / "data", "migrate")

    assert done.returncode == 2
    assert done.stderr.startswith("tabletap: TABLETAP_DATA_DIR: ")
    assert "Traceback" not in done.stderr
