"""Whatever stands in the shared files: a survey tells, it never raises; a repair keeps what it does not understand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.check.policy import Policy
from codex.corpus import booklist, catalog, connections, deps
from codex.corpus.planfile import PATH as PRODUCTION_PLAN
from codex.integration.adoption.registry import KINDS, REPAIRS
from codex.integration.adoption.survey import findings, survey
from codex.integration.adoption.view import View

from .helpers import BY_NAME, CAMPAIGN, IDS, NOW, connection, edge, graph, path_of, registry, sound, unit, view

SHARED = (deps.PATH, connections.PATH, PRODUCTION_PLAN, CAMPAIGN, catalog.PATH, booklist.PATH, path_of(IDS[0]))
TEXTS = st.sampled_from([*IDS, "00.09.09", "[", "]", '"00.01.01"', "", "shipped", "pending", "conn:001.a", "numbers.x"])
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(-2, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
EDGES = st.lists(st.builds(edge, TEXTS, TEXTS, st.sampled_from(["shipped", "pending", "x"])) | VALUES, max_size=8)
UNITS = st.dictionaries(
    TEXTS,
    st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "status", "prereqs", "successors", "actual_path"), VALUES))
    | VALUES,
)
DOCUMENTS: dict[str, st.SearchStrategy[Any]] = {
    deps.PATH: st.fixed_dictionaries(
        {}, optional={"edges": EDGES | VALUES, "pending": VALUES, "shipped": VALUES, "_notes": VALUES, "mine": VALUES}
    ),
    PRODUCTION_PLAN: st.fixed_dictionaries({}, optional={"units": UNITS | VALUES, "counts": VALUES, "mine": VALUES}),
    connections.PATH: st.fixed_dictionaries(
        {}, optional={"connections": st.lists(st.builds(connection) | VALUES, max_size=3) | VALUES, "stats": VALUES}
    ),
    CAMPAIGN: st.fixed_dictionaries(
        {},
        optional={
            "books": st.dictionaries(
                TEXTS, st.dictionaries(st.sampled_from(["status", "tier", "passes", "adopted"]), VALUES)
            )
            | VALUES,
            "totals": VALUES,
        },
    ),
}


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_documents_of_any_shape(data):
    path = data.draw(st.sampled_from(sorted(DOCUMENTS)))
    document = data.draw(DOCUMENTS[path] | VALUES)
    files = {path: json.dumps(document)}
    told = list(findings(view(files), examples=0))
    for finding in told:
        assert finding.count == len(finding.examples) and all(
            each.line is None or each.line > 0 for each in finding.examples
        )
    for name in data.draw(st.permutations(sorted(REPAIRS)))[:4]:
        assert keeps_strangers(name, files, document, path)


def keeps_strangers(name: str, files: dict[str, str], document: Any, path: str) -> bool:
    before = view(dict(files))
    repair = REPAIRS[name].repair
    assert repair is not None
    done = repair(before, NOW)
    after = View(before.snapshot.with_changes(done.changes))
    assert not repair(after, NOW).changes, "a second time changes nothing"
    if path in done.changes and isinstance(document, dict) and "mine" in document:
        return bool(json.loads(done.changes[path])["mine"] == document["mine"])
    return True


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SHARED), st.binary(max_size=40), st.integers(0, 2000), st.integers(0, 300))
def test_files_of_any_bytes(path, garbage, at, length):
    data = sound().get(path, b'{"books": {}}')
    at %= len(data) + 1
    list(findings(view({path: data[:at] + garbage + data[at + length :]})))


@pytest.mark.parametrize("path", [deps.PATH, connections.PATH, catalog.PATH, booklist.PATH])
@pytest.mark.parametrize("data", [b"\xff\xfe", b"{", b'{"edges": 1, "connections": 1}'])
def test_a_damaged_file_is_a_finding_and_the_rest_is_told(path, data):
    found = survey(view({path: data}).snapshot, Policy.of("core"))
    told = {finding.kind.name: finding for finding in found.findings}
    damaged = path in {deps.PATH, connections.PATH} or data == b"\xff\xfe"
    assert ("unreadable-files" in told) == damaged
    assert found.figures["units"] == 4 and (found.verdicts or found.unchecked)


def test_line_numbers_count_line_feeds_alone():
    text = graph([edge("00.01.04", "[")]).replace('"kept"', '"a\u2028b"')
    assert [each.line for each in BY_NAME["broken-edges"].find(view({deps.PATH: text}))] == [5]


def test_a_registry_with_an_entry_of_another_shape_keeps_it():
    text = json.dumps(json.loads(registry()) | {"connections": [connection(), 7, {"id": 3}]})
    unit_text = unit(IDS[0], front="connections:\n  out:\n    - conn:001.a\n")
    done = REPAIRS["connections-without-their-units"].repair(
        view({connections.PATH: text, path_of(IDS[0]): unit_text}), NOW
    )
    entries = json.loads(done.changes[connections.PATH])["connections"]
    assert entries == [connection(appears_in_units=[IDS[0]]), 7, {"id": 3}]


def test_every_repair_is_named_in_proposals():
    from typing import get_args

    from codex.integration.proposal import RepairName

    assert get_args(RepairName) and set(get_args(RepairName)) == {kind.name for kind in KINDS if kind.repair}


def test_lists_with_strangers_in_them_are_told_at_the_right_line_and_kept():
    text = graph(pending=[{"x": 1}, 7, "00.01.01"])
    (told,) = BY_NAME["stale-graph"].find(view({deps.PATH: text}))
    assert '"00.01.01"' in text.split("\n")[told.line - 1]
    done = REPAIRS["stale-graph"].repair(view({deps.PATH: text}), NOW)
    assert json.loads(done.changes[deps.PATH])["pending"] == [{"x": 1}, 7]


def test_a_corpus_without_a_graph_gets_one():
    done = REPAIRS["stale-graph"].repair(view({deps.PATH: None}), NOW)
    assert json.loads(done.changes[deps.PATH])["shipped"] == list(IDS)
