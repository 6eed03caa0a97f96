"""Numbers in sheets and tables: what people write, and nothing that only Python means."""

import math

import pytest

from affectflow.config.decimals import decimal


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0.0), (" -1.5 ", -1.5), ("+.25", 0.25), ("3.", 3.0), ("1e-3", 0.001), ("-0", 0.0), ("2E2", 200.0)],
)
def test_decimal_numbers(text, value):
    assert decimal(text) == value


@pytest.mark.parametrize(
    "text", ["", "-", "nan", "inf", "1e999", "1_000", "0,5", "0x10", "1 2", "١", "1e", "soon", "1e99999"]
)
def test_everything_else_is_none(text):
    assert math.isnan(decimal(text))
