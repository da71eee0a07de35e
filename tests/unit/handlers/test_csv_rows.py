"""Cells that a spreadsheet shows as they are."""

import csv
import io

import pytest

from handlers.csv_rows import disarm, encode_rows


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_formula_is_text(sign: str):
    """Whatever sign it begins with, it begins with an apostrophe."""
    assert disarm(f'{sign}cmd|"/c calc"!A1') == f'\'{sign}cmd|"/c calc"!A1'


@pytest.mark.parametrize("text", ["", "Flat white", "3 - 1", "a@b", "'quoted'"])
def test_other_text_stays_as_it_is(text: str):
    """An apostrophe where none is needed would be one more thing to explain."""
    assert disarm(text) == text


def test_what_is_written_reads_back():
    """Separators, quotes, new lines and letters of all kinds stay in their cells."""
    rows = [("a,b;c", 'say "hi"', "two\nlines", "Açaí 🍵"), ("", "x", "y", "z")]

    text = encode_rows(rows).decode()

    assert [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))] == rows
    assert text.endswith("\r\n")


def test_numbers_stay_numbers():
    """A negative amount is no formula; what is not known is empty."""
    assert encode_rows([(-5, None, "a")]) == b'-5,"","a"\r\n'
