"""JSON edited as text: what is equal keeps its bytes, what changes is all that changes."""

from __future__ import annotations

import copy
import difflib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.corpus.jsonfile import insert_in_order, loads, loads_object, rewrite
from codex.corpus.jsonstyle import Style, detect_style, dumps
from codex.errors import DataError

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, -0.0, 1.0, 1e30, 2.5])
    | st.sampled_from(["", "a", "ä", '"', "\\u00e4", "{", "[\n", "\u2028"])
)
KEYS = st.sampled_from(["a", "b", "c", "ä", "a b", '"', ":"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=15
)
BLANKS = st.text(alphabet=" \t\r\n", max_size=3)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true are three things, and -0.0 is not 0.0; the order of keys says nothing."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document written in some uniform style, or with blanks strewn in anyhow."""
    value = draw(VALUES)
    plain = json.dumps(
        value,
        indent=draw(st.sampled_from([None, 0, 1, 2, 4, "\t"])),
        ensure_ascii=draw(st.booleans()),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (",", ": ")])),
    )
    if draw(st.booleans()):
        plain = plain.replace("\n", "\r\n")
    return draw(BLANKS) + plain + draw(BLANKS)


def strewn(value: Any, blanks: list[str]) -> str:
    """The value with other white space at every place where JSON allows any."""

    def gap() -> str:
        blanks.append(blanks.pop(0))
        return blanks[-1]

    if isinstance(value, list):
        return "[" + gap() + ("," + gap()).join(strewn(x, blanks) + gap() for x in value) + "]"
    if isinstance(value, dict):
        pairs = (json.dumps(k) + gap() + ":" + gap() + strewn(v, blanks) + gap() for k, v in value.items())
        return "{" + gap() + ("," + gap()).join(pairs) + "}"
    return json.dumps(value)


STREWN = st.builds(strewn, VALUES, st.lists(BLANKS, min_size=1, max_size=7))


@given(texts() | STREWN)
def test_an_unchanged_document_keeps_its_bytes(text: str) -> None:
    assert rewrite(text, json.loads(text)) == text


@given(texts() | STREWN, VALUES)
@settings(max_examples=300)
def test_the_result_says_what_it_should_and_again_changes_nothing(text: str, value: Any) -> None:
    edited = rewrite(text, value)
    assert same(json.loads(edited), value)
    assert rewrite(edited, value) == edited


@given(st.data(), st.sampled_from([None, 2, 4, "\t"]), st.booleans())
def test_a_uniform_document_stays_uniform(data: st.DataObject, indent: int | str | None, ascii_only: bool) -> None:
    """Where the style can be seen, editing gives exactly what writing the whole document anew would give."""
    words = st.text(alphabet="aäz", min_size=1, max_size=3)
    flat = st.dictionaries(words, st.lists(words, min_size=1, max_size=4), min_size=1, max_size=4)
    before, after = data.draw(flat), data.draw(flat)
    before["ä"] = before.get("ä", ["ä"])
    after = {k: after.get(k, v) for k, v in before.items()} | after

    def written(value: Any) -> str:
        return json.dumps(value, indent=indent, ensure_ascii=ascii_only) + "\n"

    assert rewrite(written(before), after) == written(after)


@given(st.lists(st.dictionaries(KEYS, SCALARS, min_size=1, max_size=3), min_size=1, max_size=8), st.data())
def test_one_item_more_or_less_changes_its_lines_and_a_comma(items: list[dict[str, Any]], data: st.DataObject) -> None:
    text = json.dumps({"items": items, "z": 1}, indent=2)
    at = data.draw(st.integers(0, len(items)))
    more = rewrite(text, {"items": [*items[:at], {"new": 9}, *items[at:]], "z": 1})
    removed, added = changed_lines(text, more)
    assert len(added) - len(removed) == 3
    assert len(removed) <= 1  # the line that gets a comma, when the new item is the last one
    less = rewrite(more, {"items": items, "z": 1})
    assert less == text


def only_adds_lines(before: str, after: str) -> bool:
    """Every line of ``before`` stands in ``after``, in order (difflib's diffs are not always the smallest)."""
    rest = iter(after.splitlines())
    return all(line in rest for line in before.splitlines())


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    return [x for x in lines if x.startswith("-")], [x for x in lines if x.startswith("+")]


def test_a_key_that_stands_twice_stays_twice() -> None:
    text = '{\n  "a": {"x": 1},\n  "b": 2,\n  "a": {"x": 3}\n}'
    assert loads(text, "f") == {"a": {"x": 3}, "b": 2}
    assert rewrite(text, {"a": {"x": 4}, "b": 2}) == text.replace("3", "4")
    assert rewrite(text, {"b": 2}) == '{\n  "b": 2\n}'


def test_inline_lists_stay_inline_and_new_keys_follow_their_neighbour() -> None:
    text = '{\n    "a": [1, 2],\n    "c": {}\n}\n'
    edited = rewrite(text, {"a": [1, 2, {"k": []}], "b": {"x": [1]}, "c": {"d": 1}})
    assert edited == (
        '{\n    "a": [1, 2, {"k": []}],\n    "b": {\n        "x": [\n            1\n        ]\n    },\n'
        '    "c": {\n        "d": 1\n    }\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("{}", Style()),
        ("[]\n", Style()),
        ('{"a": 1}', Style(indent=None)),
        ('{"a":1}', Style(indent=None, key_separator=":")),
        ('{\r\n\t"a" : "\\u00e4"\r\n}', Style(indent="\t", newline="\r\n", ascii=True, key_separator=" : ")),
        ('{\n "a": "\\\\upsilon"\n}', Style(indent=" ")),
        ('{\n "a": "\\u00e4 and ä"\n}', Style(indent=" ")),
    ],
)
def test_the_style_is_seen(text: str, style: Style) -> None:
    assert detect_style(text) == style


def test_letters_are_written_as_the_file_writes_them() -> None:
    assert rewrite('["\\u00e4"]', ["ä", "ö"]) == '["\\u00e4", "\\u00f6"]'
    assert rewrite('["ä"]', ["ä", "ö"]) == '["ä", "ö"]'
    assert rewrite('["ä"]', ["ä", "\ud800"]) == '["ä", "\\ud800"]'


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "\ufeff{}", "[" * 100_000, "[" + "1" * 5000 + "]", "nul"])
def test_what_is_no_json_is_named_with_its_place(text: str) -> None:
    for read in (lambda: loads(text, "deps.json"), lambda: rewrite(text, {}, "deps.json")):
        with pytest.raises(DataError, match=r"^deps\.json is "):
            read()
    with pytest.raises(DataError, match="must hold a JSON object"):
        loads_object("[]", "deps.json")


def test_deep_documents_are_edited_or_refused_but_never_crash() -> None:
    text = "[" * 600 + "]" * 600
    with pytest.raises(DataError, match="nested too deeply"):
        rewrite(text, json.loads("[" * 599 + "1" + "]" * 599))


@given(st.lists(st.sampled_from("abcd")), st.sampled_from("abcd"))
def test_insertion_keeps_a_sorted_list_sorted_and_any_list_in_order(items: list[str], item: str) -> None:
    found = insert_in_order(items, item)
    assert item in found
    assert insert_in_order(found, item) == found
    if items == sorted(items):
        assert found == sorted(found)
    if item in items:
        assert found == items
    else:
        found.remove(item)
        assert found == items


def test_a_new_document_ends_with_a_line_end() -> None:
    assert dumps({"a": ["ä"]}) == '{\n  "a": [\n    "ä"\n  ]\n}\n'


@pytest.mark.parametrize(
    "name", ["deps.json", "connections.json", "campaign.json", "production/plan.json"], ids=lambda n: Path(n).stem
)
def test_the_published_manifests_keep_their_bytes(fasttrack: Path, name: str) -> None:
    text = (fasttrack / "manifests" / name).read_bytes().decode()
    document = json.loads(text)
    assert rewrite(text, document) == text
    changed = copy.deepcopy(document) | {"zz_new": {"a": ["é", 1]}}
    removed, added = changed_lines(text, rewrite(text, changed))
    assert len(added) - len(removed) == 6
    assert len(removed) <= 1  # the line that gets a comma
    assert json.loads(rewrite(text, changed)) == changed
