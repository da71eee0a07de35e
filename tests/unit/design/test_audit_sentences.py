"""The audit says everything in a sentence that it keeps anywhere."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.assets import Assets
from handlers.templating import Templates
from services.audit import KINDS, AuditFactView

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)
_KEPT = re.compile(r'(?:unit\.audit|_write_audit)\(\s*"(\w+)"')
# What is refused is named where it is refused (realtime/limits.py, plane.py and suspicion.py).
_REFUSALS = {"rate_limit_exceeded", "max_connections_exceeded", "suspicious_activity"}


def list_kinds() -> set[str]:
    """Find every kind of fact that the source writes."""
    sources = [path.read_text() for path in (ROOT / "services").rglob("*.py")]
    return {kind for source in sources for kind in _KEPT.findall(source)} | _REFUSALS


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(
        folder=ROOT / "templates",
        assets=Assets(ROOT / "static"),
        now=lambda: NOW,
        new_id=lambda: "",
        is_preloaded=False,
    )


def say(templates: Templates, kind: str, **details: object) -> str:
    """Render a fact that knows nothing but its kind and these details; return its sentence."""
    fact = AuditFactView(
        entry_id="1",
        at=NOW,
        kind=kind,
        principal="person:2",
        who="Ana",
        table="",
        order_number=None,
        thing="",
        amount_minor=None,
        currency="EUR",
        details=details,
    )
    module = templates.environment.get_template("components/audit_entry.html").module
    html = str(module.audit_entry(fact, 1))  # type: ignore[attr-defined] # a macro of the template
    found = re.search(r'<p class="audit-entry__what">(.*?)</p>', html, re.S)
    assert found is not None
    return " ".join(re.sub(r"<[^>]*>", "", found.group(1)).split())


def test_every_kind_has_a_subject():
    """What is kept can be found by what it is about."""
    assert list_kinds() == set().union(*KINDS.values())


@pytest.mark.parametrize("kind", sorted(list_kinds()))
def test_every_kind_has_a_sentence_of_its_own(templates: Templates, kind: str):
    """Also where a detail is missing that an older version did not keep."""
    sentence = say(templates, kind)

    assert sentence.endswith(".")
    assert kind.replace("_", " ") + "." not in sentence
    assert "None" not in sentence


def test_a_strange_kind_is_still_said(templates: Templates):
    """A newer version may have written it."""
    assert say(templates, "till_counted", reason="noon") == "Ana till counted. noon"
