"""For how long a kitchen is offered to have something sold out."""

from datetime import UTC, datetime, timedelta

from domain.sold_out import list_ends

DAY_END = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def _say(now):
    return [
        (end.word, end.minutes or (end.until and end.until.strftime("%H:%M")))
        for end in list_ends(now, day_end=DAY_END)
    ]


def test_spans_then_hours_then_the_days_end():
    """The hours begin after the shortest span, so that no two choices say the same."""
    assert _say(datetime(2026, 11, 23, 12, 47, tzinfo=UTC)) == [
        ("span", 30),
        ("span", 60),
        ("span", 120),
        ("clock", "14:00"),
        ("clock", "15:00"),
        ("clock", "16:00"),
        ("close", "03:00"),
        ("open", None),
    ]


def test_nothing_is_offered_beyond_the_day():
    """Half an hour before the end only the end itself is left, and no end at all."""
    assert _say(DAY_END - timedelta(minutes=30)) == [("close", "03:00"), ("open", None)]
