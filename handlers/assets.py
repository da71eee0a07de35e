"""Static files: their content hashes, what is packed for the way, and who serves them.

A page names a file by its hashed address, which may be kept for ever; the bare address is always
checked again. What a page needs comes in few answers: its style sheets as one
(`Assets.bundle`), its modules named beforehand (`Assets.list_modules`). A module's relative import
has no hash in it, so the page's import map gives each bare address its hashed one.

Scripts and style sheets travel without their comments and indentation, and compressed once instead
of for each phone (docs/decisions/0060-files-travel-light.md). Lines keep their numbers.
"""

import gzip
import hashlib
import json
import mimetypes
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from tornado.web import HTTPError, RequestHandler

from handlers.security import set_security_headers

URL_PREFIX = "/static/"
_HASH_LENGTH = 16  # 64 bits: enough to tell the versions of one file apart
_FOR_EVER = "public, max-age=31536000, immutable"
_TEXT_SUFFIXES = (".css", ".js", ".svg")
# A string is kept, a comment leaves its line ends, the indentation after a line end goes. Knows no
# regular expressions: that it changes no script is checked with TypeScript's scanner (tests/js).
_STRING_COMMENT_OR_INDENT = re.compile(
    r"""(?P<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)"""
    r"""|(?P<comment>/\*.*?\*/|(?<![:\\/])//[^\n]*)|(?<=\n)[ \t]+""",
    re.DOTALL,
)
_CSS_COMMENT_OR_INDENT = re.compile(r"(?P<comment>/\*.*?\*/)|(?<=\n)[ \t]+", re.DOTALL)
# Static ones, each at the beginning of a line; there are no others (decision 0060).
_IMPORT = re.compile(
    r"""^(?:import\s*(?:[\w$*{},\s]+from\s*)?|export\s*[*{][\w$*{},\s]*from\s*)['"](\.[^'"]+)['"]""",
    re.MULTILINE,
)


class StoredFile(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A file as it is sent. packed: the same with gzip; None for what would not get smaller."""

    content: bytes
    packed: bytes | None
    version: str
    content_type: str


class Assets:
    """Knows the files below static/ and what is in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, tuple[int, StoredFile]] = {}
        self._parts: dict[str, tuple[str, ...]] = {}
        self._bundles: dict[str, tuple[tuple[StoredFile, ...], StoredFile]] = {}
        self._modules: dict[str, tuple[tuple[StoredFile, ...], tuple[str, ...]]] = {}

    def url(self, path: str) -> str:
        """Return the hashed address of a file. path: below static/, with forward slashes.

        Raises: FileNotFoundError, for a template that names a file that is not there.
        """
        return f"{URL_PREFIX}{path}?v={self.find(path).version}"

    def bundle(self, path: str, parts: Sequence[str]) -> None:
        """Offer several text files as one. path: where no file is; parts: files, in their order."""
        self._parts[path] = tuple(parts)

    def find(self, path: str) -> StoredFile:
        """Return a file or a bundle; read again when a file was changed.

        Raises: FileNotFoundError, also for what is outside of the folder.
        """
        if path in self._parts:
            return self._find_bundle(path)
        file = self._locate(path)
        changed_ns = file.stat().st_mtime_ns
        known = self._files.get(path)
        if known is None or known[0] != changed_ns:
            known = self._files[path] = (changed_ns, _store(path, file.read_bytes()))
        return known[1]

    def list_modules(self, path: str) -> tuple[str, ...]:
        """List a script and all that it imports, itself or by way of others; itself first."""
        known = self._modules.get(path)
        if known is None or known[0] != tuple(map(self.find, known[1])):
            paths = tuple(self._follow_imports(path))
            known = self._modules[path] = (tuple(map(self.find, paths)), paths)
        return known[1]

    def build_import_map(self, path: str) -> str:
        """Write the import map of a page's script: bare address -> hashed address, as JSON."""
        imports = {URL_PREFIX + each: self.url(each) for each in self.list_modules(path)}
        # "<" would end the script element that the map stands in.
        return json.dumps({"imports": imports}, separators=(",", ":")).replace("<", "\\u003c")

    def _locate(self, path: str) -> Path:
        file = (self.folder / path).resolve()
        if "\0" in path or not file.is_relative_to(self.folder.resolve()) or not file.is_file():
            raise FileNotFoundError(path)
        return file

    def _find_bundle(self, path: str) -> StoredFile:
        files = tuple(self.find(part) for part in self._parts[path])
        known = self._bundles.get(path)
        if known is None or known[0] != files:
            joined = b"\n".join(file.content for file in files)
            known = self._bundles[path] = (files, _store(path, joined))
        return known[1]

    def _follow_imports(self, path: str) -> list[str]:
        found, waiting = {path}, [path]
        ordered = []
        while waiting:
            each = waiting.pop(0)
            ordered.append(each)
            here = (self.folder / each).parent
            for target in _IMPORT.findall(self.find(each).content.decode()):
                file = (here / target).resolve().relative_to(self.folder.resolve()).as_posix()
                if file not in found:
                    found.add(file)
                    waiting.append(file)
        return ordered


class StaticFiles(RequestHandler):
    """Serves static/: hashed addresses for ever, bare ones to be asked about each time."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    def initialize(self, assets: Assets) -> None:
        self._assets = assets

    def set_default_headers(self) -> None:
        set_security_headers(self, is_document=False)

    def get(self, path: str) -> None:
        try:
            file = self._assets.find(path)
        except FileNotFoundError:
            raise HTTPError(404) from None
        is_current = self.get_query_argument("v", None) == file.version
        self.set_header("Cache-Control", _FOR_EVER if is_current else "no-cache")
        self.set_header("Content-Type", file.content_type)
        # Weak: with gzip and without it is the same file in other bytes.
        self.set_header("Etag", f'W/"{file.version}"')
        if file.packed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(file.packed)
        else:
            self.finish(file.content)

    head = get

    def compute_etag(self) -> None:
        """Nothing beside what `get` has set."""

    def log_exception(self, *_: Any) -> None:
        """Nothing: an address that leads to no file is the caller's affair."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002
        if status_code == 405:
            self.set_header("Allow", "GET, HEAD")
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("There is no such file.\n" if status_code != 405 else "Read only.\n")


def strip_script(text: str) -> str:
    """Take comments and indentation out of a script of ours; each line keeps its number."""
    return _STRING_COMMENT_OR_INDENT.sub(_keep_string_or_line_ends, text)


def _keep_string_or_line_ends(found: re.Match[str]) -> str:
    return found["string"] or "\n" * (found["comment"] or "").count("\n")


def _store(path: str, content: bytes) -> StoredFile:
    content_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    is_text = path.endswith(_TEXT_SUFFIXES)
    if path.endswith(".js"):
        content = strip_script(content.decode()).encode()
    elif path.endswith(".css"):
        content = _CSS_COMMENT_OR_INDENT.sub("", content.decode()).encode()
    return StoredFile(
        content=content,
        packed=gzip.compress(content, 9, mtime=0) if is_text else None,
        version=hashlib.sha256(content).hexdigest()[:_HASH_LENGTH],
        content_type=f"{content_type}; charset=utf-8" if is_text else content_type,
    )
