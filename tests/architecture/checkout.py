"""The files of this checkout, for tests that read them as text."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def list_files() -> list[str]:
    """Return what git tracks or would track, relative to ROOT, sorted; deleted files are not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file())
