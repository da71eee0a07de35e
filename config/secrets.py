"""The keys that sign tokens, and the pepper: made at the first start, in a file of ours alone.

Nothing secret has a default and nothing secret is a setting: the file `secrets.json` in the data
folder is the only place. Two keys are accepted at once, so that keys rotate without signing anybody
out; the pepper never changes. composition calls `load_secrets` before it builds anything.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from config.settings import SettingsError

FILE_NAME = "secrets.json"
# HS256 wants 32 bytes at least (RFC 7518 3.2); 48 fill base64 without padding.
KEY_BYTES = 48
_SHORTEST_KEY_BYTES = 32
# A token lives 15 minutes at most and a guest's a day: one key back covers both between rotations.
_KEYS_KEPT = 2


class SigningKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """kid: goes into each token's header and picks the key that verifies it."""

    kid: str
    key: bytes
    created_at: datetime

    def __repr__(self) -> str:
        return f"SigningKey(kid={self.kid!r})"


class Secrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """signing_keys: newest first; all of them verify.

    pepper: what goes into hashes beside what is hashed, so that the database alone is not enough to
    guess from. Files of earlier versions have none; `load_secrets` puts one in.
    """

    signing_keys: tuple[SigningKey, ...]
    pepper: bytes = b""

    def __repr__(self) -> str:
        return f"Secrets(signing_keys={self.signing_keys!r})"

    @property
    def current_key(self) -> SigningKey:
        """The key that signs new tokens."""
        return self.signing_keys[0]

    def find_key(self, kid: str) -> SigningKey | None:
        """Return the accepted key of this id, or None."""
        return next((key for key in self.signing_keys if key.kid == kid), None)

    def derive(self, purpose: str, value: str) -> bytes:
        """Return what follows from a value by the pepper, 32 bytes; other purposes get others."""
        assert self.pepper, "secrets that were loaded have a pepper"
        return hmac.digest(self.pepper, f"{purpose}\0{value}".encode(), hashlib.sha256)


def load_secrets(data_dir: Path, *, now: datetime) -> Secrets:
    """Read the secrets, or make them when there are none yet.

    Processes that start together for the first time end up with the same ones.

    Raises:
        SettingsError: the file is unreadable, damaged, weak, or open to other users.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        _create(path, Secrets(signing_keys=(_make_key(now),), pepper=_make_pepper()))
    return find_secrets(data_dir)


def find_secrets(data_dir: Path) -> Secrets:
    """Read the secrets of an installation that has served before.

    Raises:
        SettingsError: as `load_secrets`, and where there are none: new ones would be nobody's.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        raise SettingsError(
            [f"There are no keys in {data_dir}. Name the folder of the server's: --data-dir."]
        )
    content = _read(path)
    return content if content.pepper else _add_pepper(path)


def rotate_signing_key(data_dir: Path, *, now: datetime) -> Secrets:
    """Put a new key first and keep the one before it; older ones stop verifying.

    Running servers look at the file once a second (composition/key_watch.py).
    Raises: SettingsError, as `find_secrets`.
    """
    path = data_dir / FILE_NAME
    find_secrets(data_dir)
    with _alone(path):
        found = _read(path)
        kept = found.signing_keys[: _KEYS_KEPT - 1]
        rotated = msgspec.structs.replace(found, signing_keys=(_make_key(now), *kept))
        _write_beside(path, rotated, lambda written: written.replace(path))
    return rotated


def _add_pepper(path: Path) -> Secrets:
    with _alone(path):
        found = _read(path)
        if not found.pepper:  # else another process was faster
            found = msgspec.structs.replace(found, pepper=_make_pepper())
            _write_beside(path, found, lambda written: written.replace(path))
    return found


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from changing the file between a read and a write."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_pepper() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _make_key(now: datetime) -> SigningKey:
    return SigningKey(
        kid=secrets.token_hex(8), key=secrets.token_bytes(KEY_BYTES), created_at=now.astimezone(UTC)
    )


def _create(path: Path, content: Secrets) -> None:
    """Write the file unless another process was faster: then its secrets are the secrets."""

    def link(written: Path) -> None:
        try:
            os.link(written, path)
        except FileExistsError:
            return

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_beside(path, content, link)
    except OSError as error:
        raise SettingsError(
            [f"TABLETAP_DATA_DIR: {path.parent} cannot be written: {error.strerror}."]
        ) from error


def _write_beside(path: Path, content: Secrets, put_in_place: Callable[[Path], object]) -> None:
    """Write a complete file that nobody else can read, then let put_in_place name it `path`.

    It belongs to whom the one before it belonged to: root may rotate the keys of the server's user.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if path.exists() and (owner := path.stat()).st_uid != os.geteuid():
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            file.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        put_in_place(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be synced."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(path: Path) -> Secrets:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = msgspec.json.decode(path.read_bytes(), type=Secrets)
    except OSError as error:
        raise SettingsError([f"{path} cannot be read: {error.strerror}."]) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            [f"{path} is damaged; put it back from a backup, or delete it to sign everybody out."]
        ) from error

    faults = _find_weaknesses(content, path)
    if os.name == "posix" and mode & 0o077:
        faults.append(f"{path} can be read by other users: chmod 600 it.")
    if faults:
        raise SettingsError(faults)
    return content


def _find_weaknesses(content: Secrets, path: Path) -> list[str]:
    keys = content.signing_keys
    faults = []
    if content.pepper and len(content.pepper) < _SHORTEST_KEY_BYTES:
        faults.append(f"{path}: the pepper is shorter than {_SHORTEST_KEY_BYTES} bytes.")
    if not keys:
        faults.append(f"{path} holds no signing key; delete it to have one made.")
    if len({key.kid for key in keys}) < len(keys):
        faults.append(f"{path} holds two keys of one kid.")
    faults += [
        f"{path}: key {key.kid} is shorter than {_SHORTEST_KEY_BYTES} bytes."
        for key in keys
        if len(key.key) < _SHORTEST_KEY_BYTES
    ]
    return faults
