"""The first cafe and its owner, made once by whoever reads what the server printed at its start.

An installation without a cafe has nobody who could sign in. Until there is one, a link that follows
from the signing key opens a form for it: nothing is stored, every process prints the same link, and
it is dead from the moment a cafe exists. Passwords never have a default (requirement A10).
"""

import base64
import hashlib
import hmac
from collections.abc import Callable

import msgspec

from config.secrets import Secrets
from domain.drafts import OwnerDraft, list_owner_faults
from domain.errors import NotFound, UnprocessableInput
from models.base import database_proxy
from models.database import take_turns
from models.tenancy import Cafe
from services.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, Passwords
from services.runner import Runner
from services.setup import SetupContext, create_owner
from services.unit_of_work import UnitOfWork

_PURPOSE = b"tabletap set-up link"


class _NewOwner(msgspec.Struct, frozen=True, kw_only=True):
    draft: OwnerDraft
    password_hash: str


class FirstRun:
    """new_code: see SetupContext."""

    def __init__(
        self,
        *,
        secrets: Secrets,
        runner: Runner,
        passwords: Passwords,
        new_code: Callable[[], str],
    ) -> None:
        digest = hmac.digest(secrets.current_key.key, _PURPOSE, hashlib.sha256)
        self._code = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        self._runner = runner
        self._passwords = passwords
        self._new_code = new_code

    async def find_code(self) -> str | None:
        """Return what the link ends with, None once there is a cafe."""
        return self._code if await self._runner.read(_has_no_cafe) else None

    async def check(self, code: str) -> None:
        """Raises: NotFound where this is not the link, or there is a cafe."""
        fits = hmac.compare_digest(code.encode(), self._code.encode())
        if not fits or not await self._runner.read(_has_no_cafe):
            raise NotFound("There is no such page.")

    async def set_up(self, code: str, draft: OwnerDraft, *, password: str) -> None:
        """Make the cafe and its owner.

        Raises:
            NotFound: this is not the link, or somebody was faster.
            UnprocessableInput: `faulty_draft`, with all faults in plain words in the details.
        """
        await self.check(code)
        faults = list_owner_faults(draft, has_cafe=False)
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            faults.append(
                f"The password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
            )
        if faults:
            raise UnprocessableInput(
                " ".join(faults), code="faulty_draft", details={"faults": faults}
            )
        new_owner = _NewOwner(draft=draft, password_hash=await self._passwords.hash(password))
        await self._runner.write(self._create, new_owner, command_type="set_up")

    def _create(self, unit: UnitOfWork, new: _NewOwner) -> None:
        # Two forms at once: the second one waits here, and then finds a cafe.
        take_turns(database_proxy.obj, ["set_up"])
        if not _has_no_cafe():
            raise NotFound("There is no such page.")
        create_owner(
            new.draft,
            password_hash=new.password_hash,
            context=SetupContext(now=unit.now, new_id=unit.new_id, new_code=self._new_code),
        )


def _has_no_cafe() -> bool:
    return not Cafe.select(Cafe.id).limit(1).exists()
