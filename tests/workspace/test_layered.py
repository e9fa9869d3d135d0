"""A layered mapping is what a dictionary that is copied and changed would be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.snapshot import layered
from codex.snapshot.layered import Layered

KEYS = st.sampled_from("abcdefgh")
EDITS = st.lists(st.tuples(st.dictionaries(KEYS, st.integers()), st.sets(KEYS)), max_size=12)


@given(st.dictionaries(KEYS, st.integers()), EDITS, st.integers(0, 5))
def test_like_a_dictionary(base: dict[str, int], edits: list[tuple[dict[str, int], set[str]]], most: int) -> None:
    expected, found, earlier = dict(base), Layered(base), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layered, "MOST", most)
        for new, gone in edits:
            earlier.append((found, dict(expected)))
            found = found.changed(new, gone)
            expected = {key: value for key, value in expected.items() if key not in gone} | new
    for mapping, same in [*earlier, (found, expected)]:  # what was made before has not changed
        assert mapping == same and same == mapping and len(mapping) == len(same)
        assert sorted(mapping) == sorted(same) and sorted(mapping.items()) == sorted(same.items())
        assert all((key in mapping) == (key in same) for key in "abcdefghz") and mapping.get("z", 7) == 7
        assert set(same) <= set(mapping.superset())


def test_a_key_that_is_gone_is_unknown() -> None:
    found = Layered({"a": 1, "b": 2}).changed({"c": 3}, ["a"])
    assert list(found) == ["b", "c"]
    with pytest.raises(KeyError, match="a"):
        found["a"]
    assert list(found.changed({"a": 4})) == ["a", "b", "c"]


def test_a_change_costs_what_it_changes() -> None:
    base = {number: number for number in range(10_000)}
    found = Layered(base)
    for number in range(layered.MOST):
        found = found.changed({-1 - number: 0})
        assert found._base is base
    assert found.changed({-9_999: 0})._base is not base
