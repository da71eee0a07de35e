"""Paired screens: the code that pairs one, its words for people, and how long things hold (D5).

The shape is RFC 8628's: a screen shows a short code and asks now and then; somebody who may types
the code elsewhere and says what the screen shall be.
"""

import re
from collections.abc import Callable
from datetime import timedelta

# Consonants alone: no word can come out, and none looks like a digit. 20^8 codes are 34 bits.
CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
CODE_LENGTH = 8
PAIRING_LIFE = timedelta(minutes=10)
POLL_INTERVAL = timedelta(seconds=5)
# Of one address: a new cafe pairs all its screens in an afternoon.
PAIRINGS_PER_ADDRESS = 20
# A screen's secret is renewed this often. The one before it stays good until the new one was used:
# an answer that is lost must not sign a wall out.
RENEW_EVERY = timedelta(days=30)
# After this the answer with the new secret was lost, and another one is made.
RENEWAL_PATIENCE = timedelta(hours=1)
# How often it is written down that a screen was there.
SEEN_EVERY = timedelta(hours=1)

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015.]+")
_CODE = re.compile(f"[{CODE_LETTERS}]{{{CODE_LENGTH}}}")

# What stands in a browser's name for itself, the more particular first.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def make_user_code(choose: Callable[[int], int]) -> str:
    """Make a code. choose: an unguessable number below another one."""
    return "".join(CODE_LETTERS[choose(len(CODE_LETTERS))] for _ in range(CODE_LENGTH))


def read_user_code(typed: str) -> str | None:
    """Return the code that somebody typed, however they grouped it; None for what is none."""
    code = _SEPARATORS.sub("", typed).upper()
    return code if _CODE.fullmatch(code) else None


def show_user_code(code: str) -> str:
    """Write a code as people read it: `BCDF-GHJK`."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def describe_browser(user_agent: str) -> str:
    """Say what somebody uses, as far as it says so: "Chrome on Android"; "a program" else."""
    browser = next((name for part, name in _BROWSERS if part in user_agent), "")
    system = next((name for part, name in _SYSTEMS if part in user_agent), "")
    if not browser:
        return "a program"
    return f"{browser} on {system}" if system else browser
