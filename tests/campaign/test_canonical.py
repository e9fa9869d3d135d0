from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.canonical import GENESIS, BadLine, digest, read_line, write_line
from codex.campaign.events import Event

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def event(**changes: object) -> Event:
    fixed = {
        "seq": 1,
        "at": "2026-01-05T12:00:00Z",
        "id": "ev-1",
        "subject": "book:b",
        "kind": "noted",
        "prev": GENESIS,
    }
    return Event.model_validate(fixed | changes)


@given(data=st.dictionaries(texts, values, max_size=4), rationale=texts, extra=values)
def test_a_line_read_and_written_again_is_the_same_line(data, rationale, extra):
    line = write_line(event(data=data, rationale=rationale, zz_later=extra))
    assert b"\n" not in line and b"\r" not in line
    assert write_line(read_line(line)) == line
    assert read_line(line).data == data


def test_keys_stand_in_their_order_and_unknown_ones_before_prev():
    line = write_line(event(zebra=1, apple=2))
    assert list(json.loads(line)) == [
        *("seq", "at", "id", "subject", "kind", "from_state", "to_state", "pass_name", "unit", "owner"),
        *("cost_usd", "rationale", "data", "apple", "zebra", "prev"),
    ]


def test_letters_stay_letters():
    assert "γ–Ω ℝ".encode() in write_line(event(rationale="γ–Ω ℝ"))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {1, 2}])
def test_what_json_cannot_hold_is_not_written(value):
    with pytest.raises((ValueError, TypeError)):
        write_line(event(data={"x": value}))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"seq": 1', "not valid JSON"),
        (b"[1]", "not a JSON object"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"seq": 1}', "field at"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"seq": NaN}', "NaN"),
    ],
)
def test_a_bad_line_says_why(line, why):
    with pytest.raises(BadLine, match=why):
        read_line(line)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"seq": 0}, "seq"), ({"at": "soon"}, "at"), ({"cost_usd": "much"}, "cost"), ({"cost_usd": "NaN"}, "cost")],
)
def test_a_line_with_an_unusable_field_says_which(change, why):
    with pytest.raises(BadLine, match=f"field {why}"):
        read_line(write_line(event(**change)))


def test_the_hash_is_sha256_of_the_bytes():
    assert digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
