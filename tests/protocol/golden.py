"""Write the golden files anew: `python -m tests.protocol.golden`, after a change that is meant.

The diff then shows what clients will see differently.
"""

import json
from pathlib import Path
from typing import Any

from tests.protocol.samples import make_all

FOLDER = Path(__file__).parent / "golden"


def render(sample: Any) -> str:
    """Write a sample as its file holds it."""
    return json.dumps(sample, indent=2, ensure_ascii=False) + "\n"


def write_all() -> None:
    """Write every file, and remove those of messages that are gone."""
    samples = make_all()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        if path.stem not in samples:
            path.unlink()
    for name, sample in samples.items():
        (FOLDER / f"{name}.json").write_text(render(sample), encoding="utf-8")


if __name__ == "__main__":
    write_all()
