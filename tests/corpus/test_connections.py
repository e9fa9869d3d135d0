"""connections.json and connection_proposals.md: registry, proposals, decisions."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.corpus import connections, proposals
from codex.corpus.connections import Connection, Registry
from codex.corpus.proposals import Proposal
from codex.errors import DataError, UserError

from .test_jsonfile import changed_lines

ONE = Connection(
    id="conn:007.groups-rings",
    source="algebra.groups",
    target="algebra.rings",
    type="foundation-of",
    strength="synthesis",
    anchor_phrase="every ring is a group",
    units=("01.01.02",),
    flows=("f",),
    synthesis_note="why",
)
IDS = st.sampled_from(["conn:001.a", "conn:007.b", "conn:x"])
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"id": IDS, "type": st.sampled_from(connections.TYPES), "strength": st.sampled_from(connections.STRENGTHS)},
        optional={
            "appears_in_units": st.lists(st.sampled_from(["01.01.01", "01.01.09"]), max_size=2),
            "own": st.none(),
        },
    ),
    max_size=4,
    unique_by=lambda entry: entry["id"],
)
TEXTS = st.builds(
    lambda entries, stats: json.dumps({"connections": entries, "own": [1]} | stats, indent=2) + "\n",
    ENTRIES,
    st.sampled_from([{}, {"stats": {"by_type": {"dual": 9}, "more": True}}]),
)
TEXT = st.text(alphabet="ab`*:#-\n\r\t \u2028é", max_size=10)
PROPOSALS = st.builds(
    Proposal,
    source=st.sampled_from(["algebra.groups", "topology.space"]),
    target=st.sampled_from(["algebra.rings", "algebra.groups"]),
    type=TEXT,
    strength=st.sampled_from(connections.STRENGTHS),
    anchor_phrase=st.text(alphabet="ab \n#", min_size=1, max_size=6),
    proposer=TEXT,
    synthesis_note=TEXT,
    units=st.lists(st.sampled_from(["01.01.01", "01.01.02", "03.03.E1"]), max_size=2, unique=True).map(tuple),
    rationale=TEXT,
)


def registered(text: str) -> list[dict[str, Any]]:
    return json.loads(text)["connections"]  # type: ignore[no-any-return]


def test_the_registry_is_read() -> None:
    text = connections.add_connection("{}", ONE)
    registry = connections.parse(text)
    assert registry.connections == (ONE,)
    assert registry.get(ONE.id) == ONE and registry.get("conn:008.x") is None
    assert registry.of_unit("01.01.02") == (ONE,) and registry.of_unit("01.01.03") == ()
    assert registry.between("algebra.rings", "algebra.groups") == (ONE,)
    assert registry.next_id("a-b") == "conn:008.a-b"
    assert Registry(()).next_id("a-b") == "conn:001.a-b"
    assert json.loads(text)["stats"] == {
        "total_connections": 1,
        "by_type": {"foundation-of": 1},
        "by_strength": {"synthesis": 1},
    }


@given(TEXTS, IDS)
def test_a_unit_is_added_once_and_nothing_else_changes(text: str, connection_id: str) -> None:
    edited = connections.add_unit(text, "01.01.05", [connection_id, "conn:999.unknown"])
    assert connections.add_unit(edited, "01.01.05", [connection_id]) == edited
    for before, after in zip(registered(text), registered(edited), strict=True):
        if before["id"] == connection_id:
            assert after.pop("appears_in_units").count("01.01.05") == 1
            before.pop("appears_in_units", None)
        assert after == before
    assert {k: v for k, v in json.loads(edited).items() if k != "connections"} == {
        k: v for k, v in json.loads(text).items() if k != "connections"
    }


@given(TEXTS)
def test_adding_a_connection_appends_it_once_and_counts_again(text: str) -> None:
    new = replace(ONE, id="conn:500.new", units=(), flows=())
    edited = connections.add_connection(text, new)
    assert connections.add_connection(edited, new) == edited
    assert registered(edited)[:-1] == registered(text)
    assert connections.parse(edited).get("conn:500.new") == new
    stats = json.loads(edited)["stats"]
    assert stats["total_connections"] == sum(stats["by_strength"].values()) == len(registered(edited))
    assert sum(stats["by_type"].values()) == len(registered(edited))
    assert stats.get("more") == json.loads(text).get("stats", {}).get("more")


def test_what_the_registry_does_not_take() -> None:
    text = connections.add_connection("{}", ONE)
    with pytest.raises(UserError, match="is another connection"):
        connections.add_connection(text, replace(ONE, target="algebra.fields"))
    for change in ({"type": "isomorphism"}, {"strength": "weak"}):
        with pytest.raises(UserError, match="is not one of"):
            connections.add_connection(text, replace(ONE, id="conn:008.x", **change))
    own_types = json.dumps({"connection_types": ["isomorphism"], "connections": []})
    assert connections.parse(connections.add_connection(own_types, replace(ONE, type="isomorphism"))).connections


@pytest.mark.parametrize("text", ["[]", '{"connections": {}}', "{"])
def test_a_registry_of_another_shape_is_an_error_of_the_file(text: str) -> None:
    with pytest.raises(DataError, match=r"manifests/connections\.json"):
        connections.parse(text)


def test_entries_of_another_shape_are_kept_and_not_read() -> None:
    text = '{"connections": [1, {"from": "a"}, {"id": "conn:001.a", "type": 7, "appears_in_units": "x"}]}'
    assert connections.parse(text).connections == (Connection("conn:001.a", "", "", "", "", ""),)
    assert connections.add_unit(text, "01.01.01", ["conn:001.a"]).startswith('{"connections": [1, {"from": "a"}, ')


@given(st.lists(PROPOSALS, min_size=1, max_size=4))
def test_every_proposal_is_in_the_file_once_and_says_what_was_proposed(proposed: list[Proposal]) -> None:
    text = ""
    for each in proposed:
        text = proposals.propose(text, each, Registry((ONE,)))
        assert proposals.propose(text, each, Registry((ONE,))) == text
    found = proposals.parse(text)
    assert [p.id.partition(".")[0] for p in found] == [f"conn:{8 + n:03d}" for n in range(len(found))]
    for each in proposed:
        meant = proposals.one_line(each.anchor_phrase)
        same = [p for p in found if p.anchor_phrase == meant and {p.source, p.target} == {each.source, each.target}]
        assert len(same) == 1
        assert set(each.units) <= set(same[0].units)
    first = found[0]
    for name in ("type", "strength", "proposer", "synthesis_note", "rationale"):
        assert getattr(first, name) == proposals.one_line(getattr(proposed[0], name))


@given(st.lists(PROPOSALS, min_size=1, max_size=3), st.sampled_from(["approved", "rejected"]), TEXT)
def test_a_decision_changes_three_lines_and_stands(
    proposed: list[Proposal], status: proposals.Status, note: str
) -> None:
    text = ""
    for each in proposed:
        text = proposals.propose(text, each, Registry(()))
    before = proposals.parse(text)
    chosen = before[-1]
    edited = proposals.decide(text, chosen.id, status, "2026-01-02T03:04:05Z", note)
    assert proposals.decide(edited, chosen.id, status, "2027-01-02T03:04:05Z", "again") == edited
    after = proposals.parse(edited)
    assert after[:-1] == before[:-1]
    decided = replace(chosen, status=status, decision_at="2026-01-02T03:04:05Z", decision_note=proposals.one_line(note))
    assert after[-1] == decided
    removed, added = changed_lines(text, edited)
    assert len(removed) == len(added) <= 3
    with pytest.raises(UserError, match=f"is {status} since 2026"):
        proposals.decide(edited, chosen.id, "rejected" if status == "approved" else "approved", "now")
    assert proposals.propose(edited, proposed[-1], Registry(())) == edited


def test_a_registered_connection_is_not_proposed() -> None:
    turned = Proposal(ONE.target, ONE.source, "dual", "lateral", ONE.anchor_phrase)
    assert proposals.propose("", turned, Registry((ONE,))) == ""


def test_an_approved_proposal_becomes_a_connection() -> None:
    text = proposals.propose(
        "", Proposal("a.b", "c.d", "dual", "lateral", "b meets d", units=("01.01.01",)), Registry(())
    )
    approved = proposals.parse(text)[0].connection()
    assert approved.id == "conn:001.b-d"
    assert connections.parse(connections.add_connection("{}", approved)).connections == (approved,)


def test_the_format_in_full_and_by_hand() -> None:
    proposal = Proposal(
        "a.b", "c.d", "dual", "lateral", "b meets d", "P4", "2026-01-01T00:00:00Z", "n", ("01.01.01",), "r"
    )
    text = proposals.propose("# Mine\n\nA remark.", proposal, Registry(()))
    assert text == (
        "# Mine\n\nA remark.\n\n## conn:001.b-d\n\n- **proposer**: P4\n- **proposed_at**: 2026-01-01T00:00:00Z\n"
        "- **from**: `a.b`\n- **to**: `c.d`\n- **type**: dual\n- **strength**: lateral\n"
        "- **anchor_phrase**: b meets d\n- **synthesis_note**: n\n- **appears_in_units**: `01.01.01`\n"
        "- **rationale**: r\n- **status**: pending\n- **decision_at**:\n- **decision_note**:"
    )
    short = "## conn:002.x\n\nremark\n\n- **from**: `a.b`\r\n- **own**: kept\n\n# Other\n- **status**: approved\n"
    assert proposals.parse(short)[0].status == "pending"
    decided = proposals.decide(short, "conn:002.x", "rejected", "now")
    assert decided == short.replace(
        "kept\n", "kept\r\n- **status**: rejected\r\n- **decision_at**: now\r\n- **decision_note**:\n"
    )
    with pytest.raises(UserError, match="There is no proposal conn:003"):
        proposals.decide(short, "conn:003.x", "approved", "now")


def test_every_field_of_a_proposal_is_written() -> None:
    names = {"source": "from", "target": "to", "units": "appears_in_units"}
    text = proposals.propose("", Proposal("a.b", "c.d", "dual", "lateral", "x"), Registry(()))
    for field in fields(Proposal):
        if field.name != "id":
            assert f"- **{names.get(field.name, field.name)}**:" in text


def test_the_published_registry(fasttrack: Path) -> None:
    text = (fasttrack / connections.PATH).read_bytes().decode()
    registry = connections.parse(text)
    assert len(registry.connections) == 452
    assert registry.next_id("x") == "conn:453.x"
    assert connections.recompute_stats(text) == text
    removed, added = changed_lines(text, connections.add_unit(text, "04.08.09", [registry.connections[0].id]))
    assert added[-1] == '+        "04.08.09"' and len(added) - len(removed) == 1
    new = replace(ONE, id=registry.next_id("groups-rings"))
    removed, added = changed_lines(text, connections.add_connection(text, new))
    assert len(removed) == 3 and len(added) == 3 + 15  # three counts, one entry
