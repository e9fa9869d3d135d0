"""Documents edited again and again: what is brought along from edit to edit is what reading the text gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.corpus import catalog, connections, deps, memory
from codex.corpus.catalog import Entry
from codex.corpus.jsonfile import _known, rewrite, shared_object
from codex.corpus.jsonlayout import Layout
from codex.corpus.jsonscan import document_span, value_start
from codex.corpus.memory import Memory

from .test_jsonfile import KEYS, SCALARS, STREWN, texts

IDS = st.sampled_from([f"01.0{chapter}.0{unit}" for chapter in range(1, 4) for unit in range(1, 6)])
PROPERTIES = ("open_edges", "in_order", "ends", "dependants", "prerequisites", "pending_ids", "shipped_ids", "ids")


@pytest.fixture(scope="module", autouse=True)
def everything_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "LARGE", 0)
        yield


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """The value with members and items changed, left out or added; keys keep their order."""
    if isinstance(value, dict) and draw(st.booleans()):
        found = {key: draw(changed(each)) for key, each in value.items() if draw(st.integers(0, 4))}
        return found | {f"new {draw(KEYS)}": draw(SCALARS) for _ in range(draw(st.integers(0, 1)))}
    if isinstance(value, list) and draw(st.booleans()):
        kept = [draw(changed(each)) for each in value if draw(st.integers(0, 4))]
        at = draw(st.integers(0, len(kept)))
        return [*kept[:at], *draw(st.lists(SCALARS, max_size=2)), *kept[at:]]
    return draw(st.sampled_from([value, value, value, [draw(SCALARS)], draw(SCALARS)]))


@given(texts() | STREWN, st.data())
@settings(deadline=None)
def test_parts_brought_along_give_the_same_text(text: str, data: st.DataObject) -> None:
    for _ in range(3):
        value = json.loads(text)
        new = data.draw(changed(value))
        plain = rewrite_anew(text, new)
        assert rewrite(text, new, old=value, keep=True) == plain
        text = plain


@given(texts() | STREWN, st.data())
@settings(deadline=None)
def test_a_layout_brought_along_is_the_layout_read(text: str, data: st.DataObject) -> None:
    for _ in range(3):
        value = json.loads(text)
        text = rewrite(text, data.draw(changed(value)), old=value, keep=True)
        known = _known.get(text)
        if known and known.layout:
            assert_layout_of(known.layout, text, *document_span(text))


def assert_layout_of(layout: Layout, text: str, start: int, end: int) -> None:
    read = Layout.of(text, start, end)
    assert (layout.sizes, layout.keys) == (read.sizes, read.keys)
    assert len(layout.inner) == len(layout.keys)
    for index, inner in enumerate(layout.inner):
        item = start + sum(layout.sizes[: 2 * index + 1])
        if inner:
            begin = item if layout.keys[index] is None else value_start(text, item)
            assert_layout_of(inner, text, begin, item + layout.sizes[2 * index + 1])


def rewrite_anew(text: str, value: Any) -> str:
    known = list(_known._pairs)
    _known._pairs.clear()
    try:
        return rewrite(text, value)
    finally:
        _known._pairs.extend(known)


EDITS = st.one_of(
    st.tuples(st.just("edges"), st.lists(st.tuples(IDS, IDS), max_size=3), st.sets(IDS)),
    st.tuples(st.just("ship"), IDS, st.sets(IDS)),
    st.tuples(st.just("pending"), st.lists(IDS, max_size=2)),
    st.tuples(st.just("note"), IDS, st.text(max_size=5)),
    st.tuples(st.just("enter"), st.lists(st.tuples(IDS, IDS), max_size=2), IDS, st.sets(IDS)),
)
STARTS = (
    deps.EMPTY,
    '{"edges": [{"from": "01.01.01", "to": "01.01.02", "state": "pending"}, {"from": "[", "to": "1", "state": "x"}]}',
    '{"edges": [{"from": "01.01.01", "to": "01.02.01", "state": "pending"}, 7, {"from": 1}], "pending": ["01.01.03"]}',
    '{"shipped": ["01.02.01", "01.01.01"], "_notes": {"01.02.01": 7, "01.03.01": "A note"}}',
    '{"shipped": ["01.01.01", 3, "01.02.01"], "pending": ["01.03.01", null], "_notes": []}',
)


@given(st.sampled_from(STARTS), st.lists(EDITS, max_size=6))
@settings(deadline=None)
def test_the_graph_brought_along_is_the_graph_read(text: str, edits: list[tuple[Any, ...]]) -> None:
    for edit in edits:
        text = edited(text, *edit)
        there, read = deps.parse(text), deps.document.parsed(json.loads(text))
        assert there == read
        assert all(getattr(there, name) == getattr(read, name) for name in PROPERTIES)


def edited(text: str, kind: str, *given: Any) -> str:
    if kind == "edges":
        return deps.add_edges(text, *given)
    if kind == "ship":
        return deps.ship_unit(text, *given)
    if kind == "pending":
        return deps.add_pending(text, *given)
    if kind == "note":
        return deps.set_note(text, *given)
    pairs, unit, shipped = given
    one_by_one = deps.ship_unit(deps.add_edges(text, pairs, {*shipped, unit}), unit, {*shipped, unit})
    at_once = deps.enter_unit(text, pairs, unit, {*shipped, unit}, "A note")
    assert at_once == deps.set_note(one_by_one, unit, "A note")
    return at_once


SLUGS = st.sampled_from(["algebra", "algebra.rings", "algebra.rings.ideal", "algebra.groups", "logic.sets", "zeta.one"])
CATALOGS = (
    catalog.EMPTY,
    "# C\n\n## A\n\n### algebra.rings\n\n- **title**: R\n\n---\n\n## B\n\nT.\n\n### algebra.zero\n\n- **title**: Z\n",
    "### logic.one\n```\n### algebra.no\n```\n\n### algebra.yes\n- **unit**: none\n\n## Open\n",
    "## A\r\n\r\n### logic.one\r\n\r\n- **title**: One\r\n",
)


@given(st.sampled_from(CATALOGS), st.lists(st.tuples(SLUGS, st.booleans()), max_size=6))
@settings(deadline=None)
def test_the_catalog_brought_along_is_the_catalog_read(text: str, edits: list[tuple[str, bool]]) -> None:
    for slug, unit in edits:
        text = catalog.insert_entry(text, Entry(slug, f"About {slug}"))
        text = catalog.set_unit(text, slug, "01.01.01") if unit else text
        assert catalog.parse(text).entries == catalog._parsed(text).entries


ENTRY = {"from": "a", "to": "b", "type": "dual", "appears_in_units": ["01.01.02", "01.03.01"]}
NAMES = st.sampled_from(["conn:001.a", "conn:002.b", "conn:003.c"])
ENTRIES = st.one_of(st.builds(lambda name: {"id": name, **ENTRY}, NAMES), st.builds(lambda name: {"id": name}, NAMES))


@given(st.lists(ENTRIES | st.just(7), max_size=5), st.lists(st.tuples(IDS, st.sets(NAMES)), max_size=4))
@settings(deadline=None)
def test_the_registry_brought_along_is_the_registry_read(entries: list[Any], edits: list[tuple[str, set[str]]]) -> None:
    text = json.dumps({"connections": entries}, indent=1)
    for unit, named in edits:
        text = connections.add_unit(text, unit, named)
        there, read = connections.parse(text), connections._parsed(text)
        assert (there, there.places) == (read, read.places)
        assert {c.id for c in there.of_unit(unit)} >= named & read.places.keys()


def test_a_memory_holds_what_was_used_last() -> None:
    kept: Memory[int] = Memory(2)
    for number in range(3):
        kept.put(f"text {number}", number)
        kept.get("text 0")
    assert [kept.get(f"text {number}") for number in range(3)] == [0, None, 2]


def test_a_memory_holds_a_text_once_with_its_last_value() -> None:
    kept: Memory[int] = Memory(2)
    kept.put("other", 0)
    for number in range(3):
        kept.put(b"text".decode(), number)  # equal, but each time another object
    assert (kept.get("text"), kept.get("other")) == (2, 0)


def test_a_shared_document_is_one_object() -> None:
    text = json.dumps({"a": ["long"] * 2_000})
    assert shared_object(text, "x") is shared_object("".join(text), "x")
