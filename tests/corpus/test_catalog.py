"""CONCEPT_CATALOG.md: entries, and where a new one goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.corpus import catalog, catalogparts, memory
from codex.corpus.catalog import Entry
from codex.errors import UserError
from codex.units.parse import parse_unit

from .test_jsonfile import changed_lines, only_adds_lines

SMALL = """# Concepts

```
### not.an-entry
```

## First

### algebra.groups

- **title**: Groups
- **unit**: `01.01.01`
- **prerequisites**: `sets.set`, `sets.map` (01.01.09)

### algebra.rings.ideal

- **title**: Ideals

### Remarks about something

### topology.space
- **title**: Spaces
- **notes**: first

---

## Second

### algebra.modules

Prose only.

### `topology.sheaf`

### algebra.groups

- **title**: Groups again
"""

PARTS = st.sampled_from(["a", "b", "b-c", "d1"])
SLUGS = st.lists(PARTS, min_size=1, max_size=3).map(".".join)
LINES = st.text(alphabet="ab#`*:- \n\r\u2028é", max_size=12)
ENTRIES = st.builds(
    Entry,
    slug=SLUGS,
    title=LINES,
    unit=st.sampled_from(["", "01.01.01"]),
    prerequisites=st.lists(SLUGS, max_size=2).map(tuple),
    anchors=st.dictionaries(st.sampled_from(["master", "beginner"]), LINES, max_size=2),
    notes=LINES,
)


@st.composite
def catalogs(draw: st.DrawFn) -> str:
    text = "# T\n"
    for slug, kind in draw(st.lists(st.tuples(SLUGS, st.integers(0, 4)), max_size=8)):
        heading = f"\n### {slug}\n"
        text += [heading, f"{heading}\n- **title**: x\n", f"{heading}prose\n", "\n## Group\n", "\n---\n"][kind]
    text = text.rstrip("\n") + draw(st.sampled_from(["", "\n"]))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


#: What a catalog written by hand may be strewn with.
STREWN = st.sampled_from(
    [
        "## Group\n",
        "\n---\n",
        "```\n",
        "```py\n## No group\n```\n",
        "### Remarks here\n",
        "- **title**: t\n",
        "  ",
        "\x0b\n",
    ]
)


@st.composite
def strewn_catalogs(draw: st.DrawFn) -> str:
    headings = SLUGS.map(lambda slug: f"### {slug}\n")
    stated = SLUGS.map(lambda slug: f"### `{slug}`\n- **unit**: `01.01.01`\n\n")
    text = "".join(draw(st.lists(st.one_of(headings, stated, STREWN), max_size=14)))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


EDITS = st.lists(st.one_of(ENTRIES, SLUGS), max_size=5)


@contextmanager
def parts_of(size: int) -> Iterator[None]:
    """Catalogs in parts of so many entries; also small ones are remembered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogparts, "SIZE", size)
        patch.setattr(memory, "LARGE", 0)
        yield


def edited_by(text: str, edit: Entry | str) -> str:
    if isinstance(edit, Entry):
        return catalog.insert_entry(text, edit)
    return catalog.set_unit(text, edit, "03.09.E1") if edit in catalog.parse(text) else text


def slugs(text: str) -> list[str]:
    return [entry.slug for entry in catalog.parse(text).entries]


def test_entries_are_found_and_nothing_else() -> None:
    found = catalog.parse(SMALL)
    assert slugs(SMALL) == [
        *("algebra.groups", "algebra.rings.ideal", "topology.space"),
        *("algebra.modules", "topology.sheaf", "algebra.groups"),
    ]
    assert "algebra.rings.ideal" in found and "not.an-entry" not in found
    assert found.keys("algebra.groups")["title"] == "Groups"
    assert found.keys("absent") == {}
    assert found.unit_of("algebra.groups") == "01.01.01"
    assert found.unit_of("topology.space") == ""
    assert found.prerequisites_of("algebra.groups") == ("sets.set", "sets.map")
    placed = found.get("topology.space")
    assert placed is not None
    assert SMALL[placed.start : found.end_of(placed)].endswith("first")


@pytest.mark.parametrize(
    ("slug", "before", "after"),
    [
        ("algebra.rings.unit", "algebra.rings.ideal", "topology.space"),  # most parts shared
        ("algebra.rings.aa", "algebra.groups", "algebra.rings.ideal"),
        ("algebra.zeros", "algebra.rings.ideal", "topology.space"),  # the longest run of its first part
        ("algebra.aa", None, "algebra.groups"),
        ("topology.zoo", "topology.sheaf", "algebra.groups"),  # equal runs: the last one
        ("logic.model", "algebra.groups", None),  # no run: the end
    ],
)
def test_where_an_entry_goes(slug: str, before: str | None, after: str | None) -> None:
    text = catalog.insert_entry(SMALL, Entry(slug, "New"))
    found = slugs(text)
    at = found.index(slug)
    assert (found[at - 1] if at else None) == before
    assert (found[at + 1] if at + 1 < len(found) else None) == after
    assert only_adds_lines(SMALL, text)
    assert f"\n\n### {slug}\n\n- **title**: New\n\n" in text + "\n"


def test_an_entry_in_full() -> None:
    entry = Entry("logic.model", "Models", "01.02.03", ("sets.set", "a.b"), {"master": "Hodges §1"}, "two\nlines")
    assert catalog.insert_entry(catalog.EMPTY, entry) == catalog.EMPTY + (
        "\n### logic.model\n\n- **title**: Models\n- **unit**: `01.02.03`\n- **prerequisites**: `sets.set`, `a.b`\n"
        "- **tier_anchors**:\n  - master: Hodges §1\n- **notes**: two lines\n"
    )


@given(catalogs(), ENTRIES)
def test_inserting_adds_lines_only_and_only_once(text: str, entry: Entry) -> None:
    edited = catalog.insert_entry(text, entry)
    assert catalog.insert_entry(edited, entry) == edited
    before, after = slugs(text), slugs(edited)
    if entry.slug in before:
        assert edited == text
        return
    after.remove(entry.slug)
    assert after == before
    assert catalog.parse(edited).keys(entry.slug).get("unit", "") == (f"`{entry.unit}`" if entry.unit else "")
    assert edited.endswith("\n") == text.endswith("\n")
    assert edited.count("\r\n") == (edited.count("\n") if "\r\n" in text else 0)
    assert only_adds_lines(text, edited)


@given(catalogs(), st.sampled_from(["01.01.02", "03.09.E1"]))
def test_setting_a_unit_changes_that_line_only(text: str, unit_id: str) -> None:
    for slug in set(slugs(text)):
        edited = catalog.set_unit(text, slug, unit_id)
        assert catalog.parse(edited).unit_of(slug) == unit_id
        assert catalog.set_unit(edited, slug, unit_id) == edited
        assert slugs(edited) == slugs(text)
        assert only_adds_lines(text, edited)
        again = catalog.set_unit(edited, slug, "09.09.09")
        assert changed_lines(edited, again)[0] == [f"-- **unit**: `{unit_id}`"]


@given(strewn_catalogs(), EDITS, st.integers(1, 3))
@settings(deadline=None)
def test_parts_read_and_change_as_the_whole_does(text: str, edits: list[Entry | str], size: int) -> None:
    for edit in edits:
        with parts_of(size):
            new = edited_by(text, edit)
            brought, read = catalog.parse(new), catalog._parsed(new)
            assert brought.entries == read.entries
            assert "".join(part.text for part in brought.parts) == new
        assert new == edited_by(text, edit)
        whole = catalog._parsed(new)
        assert (len(whole.parts), whole.entries) == (1, read.entries)
        for slug in slugs(new):
            first = next(entry for entry in whole.entries if entry.slug == slug)
            assert (read.get(slug), read.keys(slug)) == (first, whole.keys(slug))
        text = new


@given(strewn_catalogs(), st.integers(1, 3))
def test_what_a_unit_teaches_comes_in_the_order_of_the_file(text: str, size: int) -> None:
    with parts_of(size):
        found = catalog.parse(text)
        first = dict.fromkeys(entry.slug for entry in found.entries)
        assert found.taught_by("01.01.01") == tuple(slug for slug in first if found.unit_of(slug) == "01.01.01")


def test_a_text_of_one_line_is_read_to_its_end() -> None:
    assert slugs("### logic.model") == ["logic.model"]


@pytest.mark.parametrize("slug", ["", "A.b", "a/b", "../a", "a.b\n## x", "a b", ".a", "-a"])
def test_a_slug_that_is_none_is_refused(slug: str) -> None:
    with pytest.raises(UserError, match="is no concept id"):
        catalog.insert_entry(SMALL, Entry(slug, "x"))


def test_a_unit_is_set_only_where_there_is_an_entry_and_only_an_id() -> None:
    with pytest.raises(UserError, match="has no entry logic"):
        catalog.set_unit(SMALL, "logic", "01.01.01")
    with pytest.raises(UserError, match="no unit id"):
        catalog.set_unit(SMALL, "algebra.groups", "x`\n### a.b")


def test_a_stub_has_what_the_front_matter_gives() -> None:
    unit = parse_unit(
        b"---\nid: 01.02.03\ntitle: Models\nconcept_catalog_id: logic.model\nprerequisites: [01.01.01, 01.01.02]\n"
        b"tier_anchors: {master: Hodges, beginner: null}\n---\n",
        "content/x.md",
    )
    assert catalog.stub_entry(unit, {"01.01.02": "sets.set"}) == Entry(
        "logic.model", "Models", "01.02.03", ("sets.set",), {"master": "Hodges"}, "stub — see unit `01.02.03`."
    )
    assert catalog.stub_entry(parse_unit(b"no unit", "x.md")).slug == ""


def test_the_published_catalog(fasttrack: Path) -> None:
    text = (fasttrack / catalog.PATH).read_bytes().decode()
    found = catalog.parse(text)
    assert len(found.entries) > 2800
    assert len({entry.slug for entry in found.entries}) > 2800
    assert found.unit_of("foundations.real-numbers") == "00.01.01"
    assert catalog.insert_entry(text, Entry("foundations.real-numbers", "Again")) == text
    edited = catalog.insert_entry(text, Entry("spin-geometry.clifford.zz-new", "New", "03.09.99"))
    removed, added = changed_lines(text, edited)
    assert removed == []
    assert len(added) == 5
    new = slugs(edited).index("spin-geometry.clifford.zz-new")
    assert slugs(edited)[new - 1].startswith("spin-geometry.")
    removed, added = changed_lines(text, catalog.set_unit(text, "spin-geometry.clifford.clifford-algebra", "03.09.02"))
    assert (removed, added) == ([], ["+- **unit**: `03.09.02`"])
