"""What a cafe has set for itself."""

from domain.views.base import View


class GraceView(View):
    """How long guests of a cafe may take a round back, and whether its kitchen waits that long."""

    grace_s: int
    holds_in_grace: bool


class OpeningTimesView(View):
    """opens_at: for each day of the week, Monday first; None where the cafe stays closed."""

    opens_at: list[str | None]


class FailoverView(View):
    """Where a station's tickets go by themselves once its screens show nothing for `patience_s`."""

    station_id: str
    partner_id: str | None
    patience_s: int | None
