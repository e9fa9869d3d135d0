"""Keys that stand twice in a JSON text: every one, with its lines and values."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from codex.corpus.jsondoubles import doubled_keys


def test_path_lines_and_values():
    text = '{\n "a": [0, {"k": 1,\n  "x.y": {}, "k": [2]}],\n "a": 3\n}'
    (outer, inner) = doubled_keys(text)
    assert (outer.path, outer.lines, outer.values) == ("a", (2, 4), ([0, {"k": [2], "x.y": {}}], 3))
    assert (inner.path, inner.lines, inner.values) == ("a.1.k", (2, 3), (1, [2]))


def test_what_is_no_json_has_none():
    assert doubled_keys("") == doubled_keys('{"a": 1, "a": ') == doubled_keys("[" * 9999) == doubled_keys("7") == ()


KEYS = st.text(alphabet="ab.é\u2028", max_size=2)
OBJECTS = st.recursive(
    st.integers(0, 9) | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: ("list", v))
        | st.lists(st.tuples(KEYS, inner), max_size=4).map(lambda v: ("object", v))
    ),
    max_leaves=12,
)


def written(value) -> str:
    if not isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    kind, items = value
    if kind == "list":
        return "[" + ",\n".join(map(written, items)) + "]"
    return "{" + ",\n".join(f"{json.dumps(key, ensure_ascii=False)}: {written(each)}" for key, each in items) + "}"


def doubles(value) -> int:
    if not isinstance(value, tuple):
        return 0
    kind, items = value
    inner = items if kind == "list" else [each for _, each in items]
    own = 0 if kind == "list" else sum([k for k, _ in items].count(key) > 1 for key in {k for k, _ in items})
    return own + sum(map(doubles, inner))


@given(OBJECTS)
def test_every_doubled_key_is_found(value):
    text = written(value)
    found = doubled_keys(text)
    assert len(found) == doubles(value)
    for each in found:
        assert list(each.lines) == sorted(each.lines) and len(each.lines) == len(each.values) > 1
        assert all(1 <= line <= text.count("\n") + 1 for line in each.lines)
