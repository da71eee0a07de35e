"""Keeps what templates were compiled to, so that a start reads it and does not compile.

It lies where Python keeps the code of modules: in `__pycache__` beside the template, or where
PYTHONPYCACHEPREFIX says, and it is not written where Python is told to write none. Who may write
there may change the templates too. Where nobody may, they are compiled at each start.
"""

import hashlib
import os
import pickle
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache


class TemplateCode(BytecodeCache):
    """One file a template; it is passed over when the template or its compiler has changed."""

    def __init__(self, options: bytes) -> None:
        """options: what says how templates are compiled, such as its source."""
        self._compiler = hashlib.sha256(jinja2.__version__.encode() + options).hexdigest()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002 - Jinja's
        """Name the file. A template of no file has none: an empty name cannot be opened."""
        if filename is None:
            return ""
        return str(Path(cache_from_source(filename)).with_suffix(".jinja"))

    def get_source_checksum(self, source: str) -> str:
        """Tell sources and compilers apart; Jinja itself looks for which Python a file is."""
        return hashlib.sha256(f"{self._compiler}\n{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read the code, where it is there and whole."""
        with (
            suppress(OSError, EOFError, pickle.UnpicklingError),
            Path(bucket.key).open("rb") as file,
        ):
            bucket.load_bytecode(file)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write the code beside its place and put it there whole: others read meanwhile."""
        if sys.dont_write_bytecode or not bucket.key:
            return
        kept = Path(bucket.key)
        written = kept.with_name(f"{kept.name}.{os.getpid()}")
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            with written.open("wb") as file:
                bucket.write_bytecode(file)
            written.replace(kept)
