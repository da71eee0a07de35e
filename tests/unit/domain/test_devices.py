"""Codes that screens show, and what a browser says of itself."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import (
    CODE_LENGTH,
    CODE_LETTERS,
    describe_browser,
    make_user_code,
    read_user_code,
    show_user_code,
)


def test_a_code_is_hard_to_guess_and_easy_to_read():
    """34 bits at least (RFC 8628 6.1), no vowels, nothing that looks like a digit."""
    assert CODE_LENGTH * math.log2(len(CODE_LETTERS)) >= 34
    assert not set(CODE_LETTERS) & set("AEIOUY0123456789")


@given(st.text(CODE_LETTERS, min_size=CODE_LENGTH, max_size=CODE_LENGTH))
def test_a_code_is_read_however_it_is_grouped(code: str):
    """As shown, in small letters, with blanks or dashes."""
    shown = show_user_code(code)
    for typed in (shown, shown.lower(), f" {code[:2]} {code[2:]} ", shown.replace("-", "\u2013")):
        assert read_user_code(typed) == code


@pytest.mark.parametrize("typed", ["", "BCDF", "BCDF-GHJ", "BCDF-GHJKM", "ABCD-EFGH", "BCDF_GHJK"])
def test_what_is_no_code_is_none(typed: str):
    """Too short, too long, letters that no code has."""
    assert read_user_code(typed) is None


def test_letters_are_chosen_by_the_caller():
    """What is unguessable comes from outside."""
    choices = iter(range(CODE_LENGTH))

    assert make_user_code(lambda below: next(choices) % below) == CODE_LETTERS[:CODE_LENGTH]


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (Linux; Android 13) Chrome/120.0 Safari/537",
            "Chrome on Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537 Edg/120.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko Firefox/120.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPad; CPU OS 17_0) AppleWebKit Version/17.0 Safari/605", "Safari on iPad"),
        ("curl/8.0", "a program"),
        ("", "a program"),
    ],
)
def test_a_browser_is_named_as_people_do(user_agent: str, words: str):
    """The more particular name wins: Edge says that it is Chrome, and Chrome that it is Safari."""
    assert describe_browser(user_agent) == words
