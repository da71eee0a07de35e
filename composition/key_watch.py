"""Takes rotated keys into the running process: looks at the secrets' file once a second.

Off the loop, and only at its name and time as long as they are what they were. A file that cannot
be read is an error in the log, once; service goes on with the keys that are known.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from config.logging import get_logger
from config.secrets import FILE_NAME, Secrets, load_secrets
from config.settings import SettingsError
from realtime.watch import Watch

log = get_logger(__name__)

_LOOK_S = 1.0

_Mark = tuple[int, int, int]


class KeyWatch:
    """known: what the process began with. on_changed: given the new secrets, on the loop."""

    def __init__(
        self,
        data_dir: Path,
        *,
        known: Secrets,
        now: Callable[[], datetime],
        on_changed: Callable[[Secrets], None],
    ) -> None:
        self._data_dir = data_dir
        self._known = known
        self._now = now
        self._on_changed = on_changed
        self._seen: _Mark | None = None
        self._watch = Watch(self.look, every_s=_LOOK_S, name="watch keys")

    def start(self) -> None:
        """Begin to look. Call on the running loop."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop looking."""
        await self._watch.stop()

    async def look(self) -> None:
        """Take what is new in the file, if anything is."""
        mark = await asyncio.to_thread(self._read_mark)
        if mark == self._seen:
            return
        self._seen = mark
        try:
            secrets = await asyncio.to_thread(load_secrets, self._data_dir, now=self._now())
        except SettingsError as error:
            log.error("secrets_unreadable", faults=error.faults)
            return
        if secrets == self._known:
            return
        self._known = secrets
        self._on_changed(secrets)
        log.info("keys_read", kids=[key.kid for key in secrets.signing_keys])

    def _read_mark(self) -> _Mark | None:
        """Return what changes with every writing; None where the file is gone."""
        try:
            found = (self._data_dir / FILE_NAME).stat()
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_mode)
