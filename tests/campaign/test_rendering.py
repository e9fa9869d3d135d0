"""What is written again piece by piece is what writing out the whole document gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign import projection, rendering

NAMES = st.sampled_from(["a", "b", "c", "d", 'e "quoted"', "é\n"])
SHELVES = st.sampled_from([("book", "books"), ("unit", "units")])
VALUES = st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
ENTRIES = st.dictionaries(st.text("xyz", min_size=1, max_size=2), VALUES, max_size=2)
EDITS = st.lists(st.lists(st.tuples(SHELVES, NAMES, ENTRIES), max_size=4), max_size=6)


@given(EDITS, st.integers(1, 3))
def test_the_same_bytes(edits: list[list[tuple[tuple[str, str], str, dict[str, Any]]]], size: int) -> None:
    document: dict[str, Any] = {"version": 1, "books": {}, "units": {}, "totals": {"n": 0}}
    known: rendering.Texts = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "_SIZE", size)
        for changes in edits:
            for (_, shelf), name, entry in changes:
                document = document | {shelf: document[shelf] | {name: entry}}
            document = document | {"totals": {"n": len(changes)}}
            subjects = {f"{kind}:{name}" for (kind, _), name, _ in changes}
            data, known = rendering.render_known(document, known, subjects)
            assert data == projection.render(document)


def test_only_what_changed_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    units = {f"01.01.{number:02d}": {"status": "shipped"} for number in range(99)}
    document = {"books": {}, "units": units, "totals": {}}
    _, known = rendering.render_known(document, {}, ())
    written: list[str] = []
    member = rendering._member
    monkeypatch.setattr(rendering, "_member", lambda name, *rest: written.append(name) or member(name, *rest))
    changed = document | {"units": units | {"01.01.50": {"status": "queued"}, "01.02.01": {"status": "shipped"}}}
    data, _ = rendering.render_known(changed, known, {"unit:01.01.50", "unit:01.02.01", "book:unknown"})
    assert data == projection.render(changed)
    assert sorted(written) == ["01.01.50", "01.02.01", "books", "totals"]
