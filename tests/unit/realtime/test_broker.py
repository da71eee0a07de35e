"""Hints: ours are read as they were written, everything else is none."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.broker import Hint, NoBroker, Topic, decode_hint, encode_hint
from tests.support.made_views import CAFE, EPOCH


@given(st.integers(0, 2**53))
def test_a_hint_is_read_as_it_was_written(seq: int):
    """Whatever its place in the log."""
    hint = Hint(cafe=CAFE, epoch=EPOCH, seq=seq)

    assert decode_hint(encode_hint(hint)) == hint


@given(st.binary(max_size=600))
def test_noise_is_no_hint(raw: bytes):
    """And raises nothing."""
    assert decode_hint(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"cafe": ""}',
        b'{"cafe": "a b"}',
        b'{"cafe": "*"}',
        b'{"cafe": 7}',
        b'{"cafe": "a", "seq": -1}',
        b'{"cafe": "a", "seq": 1.5}',
        b'{"cafe": "a", "seq": true}',
        b'{"cafe": "a", "seq": 1e400}',
        b'{"cafe": "a", "payload": {"type": "order_created"}}',
        b'[{"cafe": "a"}]',
        b"[" * 500,
        b'{"cafe": "' + b"a" * 65 + b'"}',
        b'{"cafe": "a", "epoch": "' + b"e" * 600 + b'"}',
    ],
)
def test_what_is_not_exactly_a_hint_is_none(raw: bytes):
    """Missing, foreign, forged with a payload, out of range, oversized."""
    assert decode_hint(raw) is None


def test_a_hint_is_small():
    """Its limit leaves room for the longest of ours."""
    longest = Hint(cafe="c" * 64, epoch="e" * 64, seq=2**53)

    assert decode_hint(msgspec.json.encode(longest)) == longest


def test_alone_there_is_nobody_to_tell():
    """Then heads are looked at."""
    broker = NoBroker()
    broker.publish(Topic.LOG, Hint(cafe=CAFE))

    assert not broker.is_live
