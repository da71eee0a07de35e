"""The arithmetic under the benchmarks' numbers."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.machine import describe_run, describe_spread, find_percentile, fit_slope, read_rss_bytes


def test_percentiles_are_values_that_were_measured():
    """Nearest rank: of a hundred values the 99th is the 99th smallest."""
    values = [float(value) for value in range(100, 0, -1)]

    assert find_percentile(values, 50) == 50
    assert find_percentile(values, 99) == 99
    assert find_percentile(values, 100) == 100
    assert find_percentile([7.0], 50) == 7


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(1, 100))
def test_a_percentile_leaves_its_share_below(values, percent):
    """At least so many percent of the values do not exceed it."""
    found = find_percentile(values, percent)

    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-6


def test_the_slope_of_a_line_is_found():
    """A straight line has its own slope; a flat one and a single point have none."""
    assert fit_slope([(0, 5), (1, 7), (2, 9)]) == pytest.approx(2)
    assert fit_slope([(0, 5), (1, 5)]) == 0
    assert fit_slope([(3, 5)]) == 0


def test_a_run_names_machine_versions_and_command():
    """Numbers without these cannot be compared."""
    described = describe_run()

    assert "CPUs" in described
    assert "Python" in described
    assert "command" in described
    assert "p99 3.0" in describe_spread([1.0, 2.0, 3.0], "ms")
    assert read_rss_bytes(os.getpid()) > 1_000_000
