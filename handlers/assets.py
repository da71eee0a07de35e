"""Static files: their content hashes, the import map made of them, and who serves them.

A page names a file by its hashed address, which may be kept for ever; the bare address is always
checked again. A module's relative import has no hash in it, so the import map gives each bare
address of a script its hashed one.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from tornado.web import StaticFileHandler

from handlers.security import set_security_headers

URL_PREFIX = "/static/"
_HASH_LENGTH = 16  # 64 bits: enough to tell the versions of one file apart
_FOR_EVER = "public, max-age=31536000, immutable"


class Assets:
    """Knows the files below static/ and what is in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._hashes: dict[str, tuple[int, str]] = {}
        self._import_map: tuple[tuple[str, ...], str] | None = None
        # Walked through once: it takes longer than all else that a page needs of here. A script
        # that is added while the server runs is not in the map, and found by its bare address.
        self._scripts = sorted(
            file.relative_to(folder).as_posix() for file in (folder / "js").rglob("*.js")
        )

    def url(self, path: str) -> str:
        """Return the hashed address of a file. path: below static/, with forward slashes.

        Raises: FileNotFoundError, for a template that names a file that is not there.
        """
        return f"{URL_PREFIX}{path}?v={self.find_hash(path)}"

    def find_hash(self, path: str) -> str:
        """Return the hash of a file's content; read again when the file was changed."""
        file = self.folder / path
        changed_ns = file.stat().st_mtime_ns
        known = self._hashes.get(path)
        if known is None or known[0] != changed_ns:
            digest = hashlib.sha256(file.read_bytes()).hexdigest()[:_HASH_LENGTH]
            known = self._hashes[path] = (changed_ns, digest)
        return known[1]

    def build_import_map(self) -> str:
        """Write the import map of all scripts: bare address -> hashed address."""
        scripts = self._scripts
        hashed = tuple(self.url(path) for path in scripts)
        if self._import_map is None or self._import_map[0] != hashed:
            imports = {URL_PREFIX + path: url for path, url in zip(scripts, hashed, strict=True)}
            # "<" would end the script element that the map stands in.
            text = json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")
            self._import_map = (hashed, text)
        return self._import_map[1]


class StaticFiles(StaticFileHandler):
    """Serves static/: hashed addresses for ever, bare ones to be asked about each time."""

    def initialize(self, assets: Assets) -> None:  # type: ignore[override]
        super().initialize(path=str(assets.folder))
        self._assets = assets

    def set_default_headers(self) -> None:
        set_security_headers(self)

    def set_extra_headers(self, path: str) -> None:
        version = self.get_query_argument("v", None)
        is_current = version is not None and version == self._assets.find_hash(path)
        self.set_header("Cache-Control", _FOR_EVER if is_current else "no-cache")
        if self.get_content_type().startswith("text/") or path.endswith(".js"):
            self.set_header("Content-Type", f"{self.get_content_type()}; charset=utf-8")

    def log_exception(self, *_: Any) -> None:
        """Nothing: an address that leads to no file is the caller's affair."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002
        if status_code == 405:
            self.set_header("Allow", "GET, HEAD")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("There is no such file.\n" if status_code != 405 else "Read only.\n")
