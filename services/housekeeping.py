"""Remove what has run out: first answers of old commands, ended sign-ins, spent tokens,
consents, screens that are gone, what guests were called by, receipts of tickets and notifications
that have long been over.

Nothing that anybody could still use: expiry is checked wherever these rows are read, so a run
that is late or that never comes costs space alone. jobs/housekeeping.py calls it by the clock.
"""

from datetime import datetime, timedelta

import msgspec
from peewee import Field

from models.devices import Pairing
from models.orders import OrderContact
from models.staff import ConsentRow, RefreshToken, RevokedToken, SignIn, UsedTicket
from services.idempotency import forget_answers
from services.invitations import forget_invitations
from services.notifications import forget_notifications
from services.receipts import RECEIPTS_KEPT, forget_receipts
from services.station_screens import forget_station_screens
from services.unit_of_work import UnitOfWork

# What was told stays in the log; the row is kept for whoever looks at what was over lately.
_NOTIFICATIONS_KEPT = timedelta(days=7)


class TidyUp(msgspec.Struct, frozen=True, kw_only=True):
    """limit: rows of each kind at most, so that orders do not wait behind it.

    answers_kept_s: how long a repeat of a command still gets its first answer.
    """

    limit: int = 500
    answers_kept_s: int


class TidiedUp(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows of each kind were removed."""

    answers: int
    sign_ins: int
    used_tickets: int
    revoked_tokens: int
    notifications: int
    pairings: int
    consents: int
    invitations: int
    receipts: int
    station_screens: int
    names: int

    @property
    def most(self) -> int:
        """The largest of the counts: at the limit, there may be more to remove."""
        return max(self._counts)

    @property
    def total(self) -> int:
        """Rows of all kinds."""
        return sum(self._counts)

    @property
    def _counts(self) -> tuple[int, ...]:
        return msgspec.structs.astuple(self)


def tidy_up(unit: UnitOfWork, command: TidyUp) -> TidiedUp:
    """Remove what ran out before now, oldest first, at most so much of each kind."""
    kept_from = unit.now - timedelta(seconds=command.answers_kept_s)
    _remove_refresh_tokens(now=unit.now, limit=command.limit)
    return TidiedUp(
        answers=forget_answers(before=kept_from, limit=command.limit),
        sign_ins=_remove_expired(SignIn, SignIn.id, now=unit.now, limit=command.limit),
        used_tickets=_remove_expired(UsedTicket, UsedTicket.jti, now=unit.now, limit=command.limit),
        revoked_tokens=_remove_expired(
            RevokedToken, RevokedToken.jti, now=unit.now, limit=command.limit
        ),
        notifications=forget_notifications(
            before=unit.now - _NOTIFICATIONS_KEPT, limit=command.limit
        ),
        invitations=forget_invitations(before=unit.now, limit=command.limit),
        pairings=_remove_expired(Pairing, Pairing.id, now=unit.now, limit=command.limit),
        consents=_remove_expired(ConsentRow, ConsentRow.id, now=unit.now, limit=command.limit),
        receipts=forget_receipts(before=unit.now - RECEIPTS_KEPT, limit=command.limit),
        station_screens=forget_station_screens(
            before=unit.now - RECEIPTS_KEPT, limit=command.limit
        ),
        names=_remove_expired(
            OrderContact, OrderContact.order_id, now=unit.now, limit=command.limit
        ),
    )


def _remove_refresh_tokens(*, now: datetime, limit: int) -> None:
    """Remove the refresh tokens of the sign-ins that are removed next."""
    ended = (
        SignIn.select(SignIn.id)
        .where(SignIn.expires_at <= now)
        .order_by(SignIn.expires_at)
        .limit(limit)
    )
    RefreshToken.delete().where(RefreshToken.sign_in_id.in_(ended)).execute()


def _remove_expired(
    table: type[SignIn | UsedTicket | RevokedToken | Pairing | ConsentRow | OrderContact],
    key: "Field[str]",
    *,
    now: datetime,
    limit: int,
) -> int:
    expired = (
        table.select(key).where(table.expires_at <= now).order_by(table.expires_at).limit(limit)
    )
    removed: int = table.delete().where(key.in_(expired)).execute()
    return removed
