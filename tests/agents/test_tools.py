"""The tools: answers from the snapshot alone, the same every time, bounded, and nothing an agent passes can hurt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codex.agents import tools
from codex.agents.lookup import draft_path
from codex.agents.search import LoweredTexts, occurrences, rank
from codex.agents.tools import TOOLS, Toolbox
from codex.errors import UserError
from codex.snapshot import TreeSnapshot

from .helpers import UNIT

NAMES = tuple(tool.name for tool in TOOLS)


def run(toolbox: Toolbox, name: str, **arguments: Any) -> tools.ToolResult:
    return toolbox.run(name, arguments, NAMES)


def test_every_tool_has_a_schema_that_the_api_takes(toolbox: Toolbox) -> None:
    for definition in toolbox.definitions(NAMES):
        assert set(definition) == {"name", "description", "input_schema"}
        assert definition["input_schema"]["type"] == "object"
        assert definition["input_schema"]["additionalProperties"] is False


def test_definitions_stand_in_the_order_of_the_registry(toolbox: Toolbox) -> None:
    listed = [definition["name"] for definition in toolbox.definitions(tuple(reversed(NAMES)))]
    assert listed == list(NAMES)
    with pytest.raises(UserError, match="no tool 'rm'"):
        toolbox.definitions(("rm",))


def test_a_unit_is_read_by_its_id(toolbox: Toolbox) -> None:
    assert run(toolbox, "read_unit", id=" 03.09.02 ").text == UNIT
    missing = run(toolbox, "read_unit", id="03.09.77")
    assert missing.is_error
    assert "Units of that chapter: 03.09.01, 03.09.02" in missing.text


def test_search_ranks_and_shows_the_passage(toolbox: Toolbox) -> None:
    found = run(toolbox, "search_corpus", query="clifford").text.splitlines()
    assert found[1].startswith("03.09.02-clifford-algebra")
    assert "No unit has" in run(toolbox, "search_corpus", query="xylophone").text


def test_concepts_are_found_by_id_or_words(toolbox: Toolbox) -> None:
    assert run(toolbox, "lookup_concept", concept="linear-algebra.vector-space").text.startswith("### linear-algebra")
    assert "### spin-geometry.clifford.algebra" in run(toolbox, "lookup_concept", concept="Clifford").text
    assert run(toolbox, "lookup_concept", concept="xylophone").is_error


@pytest.mark.parametrize("of", ["03.09.02", "spin-geometry.clifford.algebra", "linear-algebra.vector-space"])
def test_connections_are_listed_by_unit_or_concept(toolbox: Toolbox, of: str) -> None:
    text = run(toolbox, "list_connections", of=of).text
    assert text.startswith("1 registered")
    assert "“the algebra that a quadratic form generates”" in text


def test_a_draft_is_checked_and_its_defects_named(toolbox: Toolbox) -> None:
    result = run(toolbox, "check_draft", text=UNIT)
    assert not result.is_error
    assert "checks pass" in result.text
    assert "FM001" in result.text


def test_continuity_is_measured_and_its_shortfalls_named(toolbox: Toolbox) -> None:
    text = run(toolbox, "measure_continuity", text=UNIT).text
    assert "backward_density: " in text
    assert "Falls short:" in text


@pytest.mark.parametrize("name", NAMES)
def test_wrong_arguments_come_back_with_the_exact_errors(toolbox: Toolbox, name: str) -> None:
    result = toolbox.run(name, {"nonsense": 1}, NAMES)
    assert result.is_error
    assert "nonsense: Extra inputs are not permitted (given: 1)" in result.text
    assert "Field required" in result.text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(NAMES), json_values)
def test_nothing_an_agent_passes_raises(toolbox: Toolbox, name: str, arguments: Any) -> None:
    toolbox.run(name, arguments, NAMES)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(NAMES), st.text(min_size=1, max_size=60))
def test_no_text_raises_and_answers_are_the_same_twice(toolbox: Toolbox, name: str, text: str) -> None:
    field = next(iter(next(tool for tool in TOOLS if tool.name == name).arguments.model_fields))
    assert run(toolbox, name, **{field: text}) == run(Toolbox(toolbox.snapshot), name, **{field: text})


@pytest.mark.parametrize("unit_id", ["../../etc/passwd", "/etc/passwd", "..", "*", "03.09.02/../x"])
def test_an_id_is_looked_up_and_never_opened(toolbox: Toolbox, unit_id: str) -> None:
    assert run(toolbox, "read_unit", id=unit_id).is_error


@pytest.mark.parametrize("value", ["../../x", "/abs", "a/b", "..", "", "\0", "ä/ö"])
def test_a_draft_is_named_within_content(toolbox: Toolbox, value: str) -> None:
    text = UNIT.replace("03-modern-geometry", json.dumps(value)).replace("03.09.02", "09.09.09")
    for path in (draft_path(toolbox.snapshot, text), draft_path(toolbox.snapshot, text, value)):
        parts = path.split("/")
        assert parts[0] == "content"
        assert len(parts) == 4
        assert not {"", ".", ".."} & set(parts)


def test_a_draft_of_a_shipped_unit_is_checked_in_its_place(toolbox: Toolbox) -> None:
    assert draft_path(toolbox.snapshot, UNIT) == "content/03-modern-geometry/09-spin/03.09.02-clifford-algebra.md"


def test_a_long_result_is_cut_into_parts_and_says_so(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "RESULT_CHARACTERS", 1000)
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "01.01.01-long.md").write_text("abc" * 800)
    toolbox = Toolbox(TreeSnapshot(tmp_path))
    parts = [run(toolbox, "read_unit", id="01.01.01", part=n).text for n in (1, 2, 3)]
    assert "".join(part.partition("\n\n[part ")[0] for part in parts) == "abc" * 800
    assert parts[2].endswith("[part 3 of 3: characters 2001–2400 of 2400]")
    assert run(toolbox, "read_unit", id="01.01.01", part=9).text == parts[2]


def test_many_errors_are_counted_and_not_all_listed(toolbox: Toolbox) -> None:
    result = toolbox.run("read_unit", {f"x{n}": n for n in range(50)}, NAMES)
    assert result.text.count("\n- ") == 31
    assert result.text.endswith("- and 21 more")


TEXTS = {"a": "alpha beta beta", "b": "beta gamma", "c": "gamma gamma delta", "d": ""}


def found(query: str, texts: Mapping[str, str] = TEXTS, limit: int = 9) -> list[str]:
    return [hit.name for hit in rank(query, texts, texts.__getitem__, limit)]


def test_rare_words_weigh_more_and_ties_are_settled_by_name() -> None:
    assert found("beta") == ["a", "b"]
    assert found("alpha gamma")[0] == "a"
    assert found("same", {"y": "same words", "x": "same words", "z": "others"}) == ["x", "y"]
    assert found("gam", limit=1) == ["c"]
    assert found("amma") == []
    assert found("?!") == []


@given(st.text(), st.dictionaries(st.text(), st.text()), st.integers(1, 5))
def test_search_takes_any_text(query: str, texts: dict[str, str], limit: int) -> None:
    hits = rank(query, texts, lambda name: texts[name].lower(), limit, texts.__getitem__, str.lower)
    assert len(hits) <= limit
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@given(st.text("ab -", max_size=40), st.text("ab", min_size=1, max_size=3))
def test_words_are_counted_as_a_regular_expression_would(text: str, word: str) -> None:
    assert occurrences(text, word) == len(re.findall(rf"(?<![a-z0-9]){word}", text))


def test_a_word_in_the_name_weighs_more() -> None:
    texts = {
        "a": "hodge decomposition hodge decomposition and so on",
        "b": "hodge decomposition is treated here and there",
    }
    heads = {"a": "other", "b": "hodge decomposition"}
    hits = rank("hodge decomposition", texts, texts.__getitem__, 9, head=heads.__getitem__)
    assert [hit.name for hit in hits] == ["b", "a"]


def test_texts_are_lowered_once_and_the_oldest_go() -> None:
    read: list[str] = []

    def reader(text: str) -> Callable[[], str]:
        return lambda: read.append(text) or text

    texts = LoweredTexts(most=10)
    assert [texts.get("1", reader("ABCD")), texts.get("1", reader("never read"))] == ["abcd", "abcd"]
    texts.get("2", reader("EFGH"))
    texts.get("1", reader("never read"))
    texts.get("3", reader("IJKL"))
    texts.get("2", reader("EFGH"))
    assert read == ["ABCD", "EFGH", "IJKL", "EFGH"]


#: Queries as an agent would ask, and a unit of the published corpus that must be among the first three.
ASKED = {
    "clifford algebra": "03.09.02",
    "spectral theorem compact operator": "02.11.05",
    "Atiyah-Singer index theorem": "03.09.10",
    "what is a vector bundle": "03.05.02",
    "fundamental group of the circle": "03.12.00",
    "banach spaces": "02.11.04",
    "Hodge decomposition": "04.09.01",
    "Euler characteristic": "03.12.23",
}


def test_what_is_asked_for_is_found_among_thousands(fasttrack: Path) -> None:
    snapshot = TreeSnapshot(fasttrack)
    for query, wanted in ASKED.items():
        lines = [
            line for line in run(Toolbox(snapshot), "search_corpus", query=query, limit=3).text.splitlines() if line
        ]
        assert any(line.startswith(wanted) for line in lines), query
