"""What no file of the checkout may contain, and what the pinned requirements must."""

import json
import re
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, list_files

# A picture's bytes say nothing; everything else is text.
_BINARY = {".png", ".jpg", ".jpeg", ".webp", ".ico", ".woff2", ".mp3", ".wav", ".ogg"}
_HOME = re.compile(r"/(?:home|Users)/[A-Za-z][\w.-]*/")
_PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+(; [^#]+)?  # \S.{15,}$")


def _texts() -> list[tuple[str, str]]:
    return [
        (name, (ROOT / name).read_text(encoding="utf-8"))
        for name in list_files()
        if Path(name).suffix not in _BINARY
    ]


def test_no_file_names_a_place_on_somebodys_machine():
    """Neither this checkout's own folder nor a person's home: it would exist nowhere else."""
    # A short one, such as /app in an image, is a word that a Dockerfile may well use.
    own = [str(ROOT)] if len(ROOT.parts) > 2 else []

    found = [
        name
        for name, text in _texts()
        if _HOME.search(text) or any(re.search(rf"{re.escape(place)}\b", text) for place in own)
    ]

    assert found == []


def test_every_text_ends_its_last_line_and_has_no_carriage_returns():
    """Tools differ about both, and a diff shows nothing."""
    wrong = [name for name, text in _texts() if text and ("\r" in text or text[-1] != "\n")]

    assert wrong == []


@pytest.mark.parametrize("name", ["requirements.in", "requirements-dev.in"])
def test_every_requirement_is_pinned_and_says_what_it_is_for(name: str):
    """A dependency is a decision; its line carries the reason."""
    lines = (ROOT / name).read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith(("#", "-r "))]

    assert [line for line in requirements if not _PINNED.match(line)] == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pinned_requirement_has_hashes_and_no_address(name: str):
    """`make lock` writes them; where packages are fetched from is the machine's choice."""
    text = (ROOT / name).read_text()
    blocks = re.split(r"\n(?=[a-z])", text)

    assert "://" not in text
    assert [block for block in blocks[1:] if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_what_people_edit_is_what_is_installed(name: str):
    """Somebody who edits the .in file runs `make lock`."""
    wanted = re.findall(r"^([\w-]+)==(\S+?)(?:;|\s)", (ROOT / f"{name}.in").read_text(), re.M)
    pinned = (ROOT / f"{name}.txt").read_text()

    missing = [
        package
        for package, version in wanted
        if not re.search(rf"^{package}=={re.escape(version)}\s", pinned, re.M | re.I)
    ]

    assert missing == []


@pytest.mark.parametrize("folder", ["tests", "bench/peers"])
def test_npm_packages_are_pinned_with_hashes_and_no_address(folder: str):
    """The same holds for what the browser tests use, and what measurements compare with."""
    lock = json.loads((ROOT / folder / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}

    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if not entry.get("integrity")] == []


def test_the_environment_is_never_committed():
    """A .env file holds what is secret; .env.example is the one that is shared."""
    assert [name for name in list_files() if Path(name).name == ".env"] == []


def test_each_picture_of_a_screen_is_in_their_index():
    """Once, with what it shows; and the index names no picture that is not there."""
    folder = "docs/screens/"
    index = (ROOT / folder / "README.md").read_text(encoding="utf-8")

    listed = re.findall(r"\]\(([\w-]+\.png)\)", index)

    pictures = [name.removeprefix(folder) for name in list_files() if name.startswith(folder)]
    assert sorted(listed) == sorted(name for name in pictures if name.endswith(".png"))
