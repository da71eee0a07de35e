"""Imports follow the layers of docs/architecture.md, and every layer is there."""

import ast
import configparser
import subprocess
import sys

import pytest

from tests.architecture.checkout import ROOT, list_files

_PRODUCT = {
    *("bench", "client", "composition", "config", "demo", "domain", "gateways", "handlers"),
    *("jobs", "models", "realtime", "services"),
}
_VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


def _modules() -> list[str]:
    return [
        name
        for name in list_files()
        if name.endswith(".py") and (name.split("/")[0] in _PRODUCT or "/" not in name)
    ]


def test_every_import_contract_is_kept():
    """The contracts stand in .importlinter; `make lint` shows them one by one."""
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_layer_is_under_the_contracts():
    """A package that nobody lists could import anything."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")

    listed = set(contracts["importlinter"]["root_packages"].split())
    packages = {name.split("/")[0] for name in _modules() if name.endswith("/__init__.py")}

    assert packages - {"bench"} == listed


@pytest.mark.parametrize("name", _modules())
def test_a_module_says_what_it_is_for(name: str):
    """And its name says it too: things are named, not collected."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))

    assert ast.get_docstring(tree)
    assert _VAGUE_NAMES.isdisjoint(name.removesuffix(".py").split("/"))
