from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign import costs
from codex.campaign.costs import (
    COSTS,
    SEGMENT_SIZE,
    add_lines,
    append_costs,
    calls_in,
    grand_total,
    parse_costs,
    read_costs,
    totals,
)
from codex.errors import DataError, UserError
from codex.integration.proposal import CostLine

from .helpers import overlay

FIXED = {
    "timestamp": "2026-04-29T15:23:00Z",
    "book": "a",
    "pass_name": "P1_audit",
    "agent_id": "x",
    "backend": "replay",
    "model": "m",
    "input_tokens": 8500,
    "output_tokens": 3200,
    "cost_usd": Decimal("0.18"),
    "duration_s": 215.0,
    "outcome": "ok",
}


def line(call: str, **changes: object) -> CostLine:
    return CostLine(**(FIXED | {"call": call} | changes))


def test_a_line_has_the_protocols_keys_and_numbers():
    values = json.loads(add_lines("", [line("c1")]))
    assert {"timestamp", "book", "pass", "agent_id", "model", "input_tokens", "output_tokens"} <= set(values)
    assert (values["cost_usd"], values["duration_s"], values["pass"]) == (0.18, 215.0, "P1_audit")


def test_a_call_is_added_once_and_order_is_kept():
    first = add_lines("", [line("c1"), line("c2"), line("c1")])
    assert [c.call for c in parse_costs(first, COSTS)] == ["c1", "c2"]
    assert add_lines(first, [line("c2")]) == first
    more = add_lines(first, [line("c1"), line("c3")])
    assert more.startswith(first) and [c.call for c in parse_costs(more, COSTS)] == ["c1", "c2", "c3"]


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=4), max_size=5))
def test_adding_in_any_portions_gives_the_same_text(portions):
    text = ""
    for portion in portions:
        text = add_lines(text, [line(call) for call in portion])
    flat = [call for portion in portions for call in portion]
    assert text == add_lines("", [line(call) for call in flat])
    assert [c.call for c in parse_costs(text, COSTS)] == list(dict.fromkeys(flat))


@given(st.lists(st.decimals(0, 1000, places=9), max_size=8))
def test_money_is_kept_exactly(amounts):
    text = add_lines("", [line(f"c{n}", cost_usd=usd) for n, usd in enumerate(amounts)])
    assert grand_total(parse_costs(text, COSTS)).usd == sum(amounts)


def test_more_digits_than_a_number_holds_are_kept_as_text():
    usd = Decimal("0.1234567890123456789")
    assert next(parse_costs(add_lines("", [line("c", cost_usd=usd)]), COSTS)).cost_usd == usd


def test_a_full_file_is_sealed_and_its_calls_stay_known(monkeypatch):
    monkeypatch.setattr(costs, "SEGMENT_SIZE", 3)
    files: dict[str, bytes] = {}
    for n in range(8):
        files |= append_costs(overlay(files), [line(f"c{n}")])
    assert sorted(files) == [COSTS, "manifests/log/cost_ledger-0001.jsonl", "manifests/log/cost_ledger-0002.jsonl"]
    assert [c.call for c in read_costs(overlay(files))] == [f"c{n}" for n in range(8)]
    assert append_costs(overlay(files), [line("c0"), line("c7")]) == {}


def test_old_and_damaged_lines_are_kept_and_hold_nothing_up():
    old = b'{"timestamp": "2026-04-29", "book": "a", "pass": "P1_audit", "cost_usd": 0.18}\n{"torn": \xff'
    files = append_costs(overlay({COSTS: old}), [line("c1")])
    assert files[COSTS].startswith(old + b"\n") and files[COSTS].count(b"\n") == 3
    with pytest.raises(DataError, match=r"manifests/cost_ledger\.jsonl, line 2 cannot be read"):
        read_costs(overlay(files))


@pytest.mark.parametrize("bad", ["[1]", "{", '{"cost_usd": "much"}', '{"cost_usd": NaN}', '{"input_tokens": "x"}'])
def test_a_bad_line_is_named(bad):
    with pytest.raises(DataError, match=r"f\.jsonl, line 2 cannot be read"):
        list(parse_costs(f"\n{bad}\n", "f.jsonl"))


LINES = [
    line("1", book="a", model="m1", timestamp="2026-01-01T23:59:59Z", tokens_estimated=True),
    line("2", book="b", model="m1", timestamp="2026-01-02T00:00:00Z", pass_name="P4_production", cost_usd="1"),
    line("3", book="a", model="m2", timestamp="2026-01-02T00:00:00Z", pass_name="P4_production", cache_read_tokens=7),
    line("4", book="stray", model="m2", timestamp="2026-01-02T00:00:00Z"),
]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("book", {"a": "0.36", "b": "1", "stray": "0.18"}),
        ("pass", {"P1_audit": "0.36", "P4_production": "1.18"}),
        ("model", {"m1": "1.18", "m2": "0.36"}),
        ("tier", {"α": "0.36", "β": "1", "?": "0.18"}),
        ("day", {"2026-01-01": "0.18", "2026-01-02": "1.36"}),
    ],
)
def test_totals(by, expected):
    read = list(parse_costs(add_lines("", LINES), COSTS))
    found = totals(read, by, {"a": "α", "b": "β"})
    assert {key: total.usd for key, total in found.items()} == {key: Decimal(usd) for key, usd in expected.items()}
    whole = grand_total(read)
    assert (whole.calls, whole.input_tokens, whole.cache_read_tokens, whole.estimated) == (4, 34_000, 7, 1)
    assert sum(total.calls for total in found.values()) == 4


def test_an_unknown_total_is_a_users_error():
    with pytest.raises(UserError, match="book, pass, model, tier, day"):
        totals([], "colour")


def test_the_calls_that_are_there_are_known_over_all_files():
    old = "".join(json.dumps({"call": f"c{n}"}) + "\n" for n in range(SEGMENT_SIZE))
    there = overlay({COSTS: old.encode()})
    grown = there.with_changes(append_costs(there, [line("new")]))
    assert calls_in(grown) == {*(f"c{n}" for n in range(SEGMENT_SIZE)), "new"}
    assert calls_in(overlay({})) == frozenset()
