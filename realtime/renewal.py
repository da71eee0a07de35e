"""Tokens that run out while a connection is open, and the new ones that take their place (D7).

A minute before its token ends a connection is told (`refresh_due`), and a `refresh` with another
token of the same person or phone lets it go on, without a message lost. Whoever does not answer
is closed with "renew, then come back".
"""

from datetime import datetime, timedelta

import msgspec

from domain.errors import AuthorizationDenied
from realtime.close_codes import CloseCode
from realtime.messages.control import Ack, RefreshDue, RefreshDueData, RefreshedData
from realtime.ports import Admission, Authenticate, TokenSource
from realtime.session import Session


class Renewal:
    """warning_s: how long before the end it is told."""

    def __init__(self, *, authenticate: Authenticate, warning_s: float) -> None:
        self._authenticate = authenticate
        self._warning = timedelta(seconds=warning_s)

    def look_at(self, session: Session, *, now: datetime) -> None:
        """Tell a connection that its token runs out, or end it."""
        admission = session.admission
        if admission is None or admission.expires_at is None:
            return
        if admission.has_expired(now):
            session.close(CloseCode.TOKEN_EXPIRED)
        elif not session.is_refresh_due and admission.expires_at - now <= self._warning:
            session.is_refresh_due = True
            data = RefreshDueData(expires_at=_to_ms(admission.expires_at))
            session.send(RefreshDue(data=data))

    async def renew(self, session: Session, token: str, *, command_id: str) -> None:
        """Let a connection go on with another token.

        Raises: AuthenticationFailed for a token that is not valid, AuthorizationDenied for
        somebody else's: a connection belongs to one person or phone for life.
        """
        renewed = await self._authenticate(token, TokenSource(namespace=session.namespace))
        if session.has_ended():
            return
        known, new = session.identity, renewed.identity
        if (new.principal, new.cafe_id) != (known.principal, known.cafe_id):
            raise AuthorizationDenied(
                "This token is another's. Open another connection.", code="another_principal"
            )
        if not known.roles <= new.roles:
            session.close(CloseCode.ROOMS_CHANGED)
            return
        # A connection that was narrowed to some roles stays so.
        identity = msgspec.structs.replace(new, roles=known.roles)
        session.admission = Admission(identity=identity, expires_at=renewed.expires_at)
        session.is_refresh_due = False
        session.is_unchecked = True
        expires_at = None if renewed.expires_at is None else _to_ms(renewed.expires_at)
        session.send(Ack(id=command_id, data=RefreshedData(expires_at=expires_at)))


def _to_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
