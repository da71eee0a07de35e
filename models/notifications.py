"""Notifications, at most one that is not over per cause, and the screens that are looked for."""

from peewee import CompositeKey

from domain.audiences import Audience
from domain.notifications import Acknowledgement, Subject
from domain.statuses import NotificationKind, NotificationStatus, Priority
from models.base import Table
from models.fields import (
    check,
    check_word,
    condition,
    id_field,
    integer_field,
    json_field,
    reference_field,
    text_field,
    timestamp_field,
    word_field,
)
from models.tenancy import Cafe, Station


class NotificationRow(Table):
    """One notification. cause_key: see domain.notifications; resolution: a word, null until then.

    acknowledgements: of this time round; who had seen it before it was brought up again is in the
    log.
    """

    id = id_field(primary_key=True)
    cafe_id = reference_field(Cafe)
    kind = word_field(NotificationKind)
    cause_key = text_field(80)
    status = word_field(NotificationStatus)
    version = integer_field()
    priority = word_field(Priority)
    title = text_field(160)
    message = text_field(500)
    audience = json_field(Audience)
    subject = json_field(Subject)
    since = timestamp_field()
    patience_s = integer_field(null=True)
    raised_at = timestamp_field()
    escalates_at = timestamp_field(null=True)
    expires_at = timestamp_field()
    acknowledgements = json_field(list[Acknowledgement])
    resolved_at = timestamp_field(null=True)
    resolution = text_field(20, null=True)

    class Meta:
        table_name = "notification"
        # When something of a cause was last over: who ended it by hand is not told again.
        indexes = ((("cafe_id", "cause_key", "resolved_at"), False), (("resolved_at",), False))
        constraints = (
            check_word("notification_kind", "kind", NotificationKind),
            check_word("notification_status", "status", NotificationStatus),
            check_word("notification_priority", "priority", Priority),
            check("notification_version", "version >= 1"),
            check("notification_resolved", "(resolved_at IS NULL) = (status <> 'resolved')"),
            check("notification_resolution", "(resolved_at IS NULL) = (resolution IS NULL)"),
        )


_STANDS = condition("resolved_at IS NULL")

NotificationRow.add_index(
    NotificationRow.index(
        NotificationRow.cafe_id,
        NotificationRow.cause_key,
        unique=True,
        where=_STANDS,
        name="notification_cause",
    )
)
# What the clock asks for, over all cafes.
NotificationRow.add_index(
    NotificationRow.index(
        NotificationRow.escalates_at, where=_STANDS, name="notification_escalates_at"
    )
)
NotificationRow.add_index(
    NotificationRow.index(NotificationRow.expires_at, where=_STANDS, name="notification_expires_at")
)


class Screen(Table):
    """A place where a screen was looked at: `counter`, `board`, `kitchen` or `station:{id}`.

    last_seen_at: when one of its screens was last heard of, on whatever process. left_at: when
    the last of them was closed on purpose; null while one is expected there.
    """

    cafe_id = reference_field(Cafe)
    place = text_field(60)
    station_id = reference_field(Station, null=True)
    last_seen_at = timestamp_field()
    left_at = timestamp_field(null=True)

    class Meta:
        table_name = "screen"
        primary_key = CompositeKey("cafe_id", "place")
        indexes = ((("last_seen_at",), False),)
