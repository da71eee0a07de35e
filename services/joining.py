"""Taking up an invitation: its link and a password come in, a sign-in goes out."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from domain.errors import AuthenticationFailed, UnprocessableInput
from services.authentication import Authentication, Client, SignedIn, SignIn
from services.invitations import (
    AcceptInvitation,
    OpenedInvitation,
    accept_invitation,
    open_invitation,
)
from services.opaque_secrets import hash_secret
from services.passwords import LONGEST_PASSWORD, SHORTEST_PASSWORD, Passwords
from services.runner import Runner


class Joining:
    """What handlers use. It keeps nothing in memory."""

    def __init__(
        self,
        *,
        runner: Runner,
        passwords: Passwords,
        authentication: Authentication,
        now: Callable[[], datetime],
    ) -> None:
        self._runner = runner
        self._passwords = passwords
        self._authentication = authentication
        self._now = now

    async def read(self, code: str) -> OpenedInvitation:
        """Return what a link shows. Raises: NotFound where it leads nowhere."""
        return await self._runner.read(open_invitation, hash_secret(code), now=self._now())

    async def accept(self, code: str, *, password: str, client: Client) -> SignedIn:
        """Take the invitation up: a new account gets this password, an account shows its own.

        Raises: NotFound, UnprocessableInput for a password that is too short or long,
        AuthenticationFailed for one that is not the account's, TooManyAttempts.
        """
        invitation = await self.read(code)
        password_hash = None
        if invitation.password_hash is None:
            if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
                raise UnprocessableInput(
                    f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
                )
            password_hash = await self._passwords.hash(password)
        else:
            await self._authentication.check_password(
                _read_credentials(invitation.email, password), client=client
            )
        command = AcceptInvitation(code_hash=hash_secret(code), password_hash=password_hash)
        await self._runner.write(accept_invitation, command, command_type="accept_invitation")
        return await self._authentication.sign_in(
            SignIn(email=invitation.email, password=password, cafe_id=invitation.cafe_id),
            client=client,
        )


def _read_credentials(email: str, password: str) -> SignIn:
    try:
        return msgspec.convert({"email": email, "password": password}, SignIn)
    except msgspec.ValidationError as error:
        raise AuthenticationFailed("Fill in your password.") from error
