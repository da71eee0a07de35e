"""The back-off of spec F2."""

from hypothesis import given
from hypothesis import strategies as st

from client.backoff import compute_delay_s


def test_the_wait_grows_by_half_up_to_thirty_seconds():
    """Without jitter: 1000 ms x 1.5^n, at most 30000 ms."""
    delays_s = [compute_delay_s(attempt, lambda: 1.0) for attempt in range(11)]

    assert [1.0, 1.5, 2.25] == delays_s[:3]
    assert 1.5**8 == delays_s[8]
    assert [30.0, 30.0] == delays_s[9:]


def test_who_has_to_be_back_sooner_grows_to_less():
    """A screen that nobody touches waits ten seconds at most."""
    delays_s = [compute_delay_s(attempt, lambda: 1.0, longest_s=10.0) for attempt in (2, 5, 6, 40)]

    assert [2.25, 1.5**5, 10.0, 10.0] == delays_s


@given(
    attempt=st.integers(min_value=0, max_value=100_000),
    share=st.floats(min_value=0, max_value=1, exclude_max=True),
)
def test_jitter_never_leaves_its_half(attempt, share):
    """The wait lies between half the value and the value, so never above the cap."""
    full_s = min(30.0, 1.5 ** min(attempt, 64))

    assert full_s / 2 <= compute_delay_s(attempt, lambda: share) <= full_s
