"""docs/comparison.md claims nothing that no test or picture shows."""

import re

from tests.architecture.checkout import ROOT

_DOCUMENT = ROOT / "docs" / "comparison.md"
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_PICTURE = re.compile(r"\]\((screens/[\w-]+\.png)\)")
_VERDICTS = {"yes", "partly", "no", "?"}
_PRODUCTS = 7


def _read_rows() -> list[list[str]]:
    lines = _DOCUMENT.read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| | ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def _find_verdict(cell: str) -> str:
    return re.split(r"[ ,:]", cell, maxsplit=1)[0]


def test_every_row_has_a_verdict_for_everybody():
    rows = _read_rows()

    assert len(rows) > 40
    assert [row for row in rows if len(row) != 2 + _PRODUCTS] == []
    assert {_find_verdict(cell) for row in rows for cell in row[1:]} <= _VERDICTS


def test_what_is_claimed_is_shown_by_a_test_or_a_picture():
    unproven = [
        capability
        for capability, ours, *_ in _read_rows()
        if _find_verdict(ours) != "no" and not (_TEST.search(ours) or _PICTURE.search(ours))
    ]

    assert unproven == []


def test_every_proof_exists():
    text = _DOCUMENT.read_text()
    missing = [
        f"{file}::{name}"
        for file, name in _TEST.findall(text)
        if f"def {name}(" not in (ROOT / file).read_text()
    ]
    missing += [name for name in _PICTURE.findall(text) if not (ROOT / "docs" / name).exists()]

    assert missing == []
