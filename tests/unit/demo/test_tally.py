"""What is nobody's fault is counted apart from what somebody must look at."""

from client.messages import NoAnswerError, RefusedError
from demo.tally import Tally
from domain.errors import ErrorBody, ErrorType


def _refuse(code: str) -> RefusedError:
    body = ErrorBody(type=ErrorType.CONFLICT, code=code, message="No.", recoverable=True)
    return RefusedError(body, status=409)


def test_somebody_who_was_faster_is_no_error():
    """Two people act on one ticket: the second is refused, and that is in order."""
    tally = Tally()

    tally.note(_refuse("invalid_transition"), "Bumping")
    tally.note(_refuse("invalid_transition"), "Bumping")

    assert tally.errors == 0
    assert tally.refusals == {"invalid_transition": 2}
    assert "2 refusals, 0 errors" in tally.describe()


def test_what_should_not_happen_is_logged_as_an_error(expected_logs):
    """An answer that never came, a refusal that no guest provokes, a broken connection."""
    expected_logs.add("demo_tally")
    tally = Tally()

    tally.note(NoAnswerError("command"), "Bumping")
    tally.note(_refuse("modifier_required"), "Ordering")
    tally.note(ConnectionResetError("gone"), "Ordering")

    assert tally.errors == 3
    assert tally.refusals == {}
