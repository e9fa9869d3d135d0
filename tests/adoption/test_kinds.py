"""Each kind of finding: a corpus with just that off, where it is found, and what mends it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from codex.campaign.ledger import Ledger
from codex.campaign.verify import verify
from codex.check import check_corpus
from codex.corpus import booklist, catalog, connections, deps
from codex.corpus.planfile import PATH as PRODUCTION_PLAN
from codex.errors import DataError
from codex.integration.adoption.kind import Found
from codex.integration.adoption.kinds.ledger_state import rebuilt
from codex.integration.adoption.registry import KINDS, REPAIRS
from codex.integration.adoption.survey import findings
from codex.integration.commands import slash_commands
from tests.campaign.helpers import Book, draft, registered

from .helpers import (
    BY_NAME,
    CAMPAIGN,
    EDGES,
    FOLDER,
    IDS,
    NOW,
    concept,
    concepts,
    connection,
    edge,
    found,
    graph,
    mended,
    overlay,
    path_of,
    registry,
    slug,
    sound,
    unit,
    view,
)

ONE, TWO, THREE, FOUR = map(path_of, IDS)
LEDGER = Book(registered("book:one", plan_path="plans/fasttrack/one.md", fasttrack_entry="1.01")).files


def front(**lines: str) -> str:
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def plan(**changes: Any) -> str:
    document = json.loads(sound()[PRODUCTION_PLAN])
    return json.dumps(document | {"units": document["units"] | changes, "mine": 1}, indent=1)


def planned(unit_id: str, **changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(sound()[PRODUCTION_PLAN])["units"][unit_id]
    return entry | changes


@dataclass
class Case:
    """Files that differ from the sound corpus, and the places at which the kind is found."""

    files: dict[str, Any]
    places: list[str]
    says: str = ""


OLD = {
    "books": {"one": {"tier": "alpha", "status": "audited", "passes": {"P1_audit": {"status": "done"}}}},
    "x": {"y": 1},
}
OLD_TEXT = json.dumps(OLD, indent=1, ensure_ascii=False)
DOUBLED = OLD_TEXT.replace('"x": {\n', '"x": {\n  "y": {"said": "more"},\n')
IN_CIRCLE = [*EDGES, edge("00.01.03", "00.01.01")]

CASES: dict[str, Case] = {
    "unreadable-units": Case(
        {ONE: "no front matter", f"{FOLDER}/README.md": "---\ntitle: x\n---\n"}, [f"{ONE}:1", f"{FOLDER}/README.md:1"]
    ),
    "ids-taken-twice": Case({f"{FOLDER}/00.01.01-zz.md": unit("00.01.01")}, [f"{FOLDER}/00.01.01-zz.md:2"], ONE),
    "misplaced-units": Case(
        {"content/00-numbers/02-other/00.01.05-a.md": unit("00.01.05")},
        ["content/00-numbers/02-other/00.01.05-a.md"],
        "02-other",
    ),
    "other-slugs": Case(
        {ONE: unit("00.01.01").replace("slug: unit-00-01-01", "slug: another")}, [f"{ONE}:4"], "another"
    ),
    "quoted-ids": Case(
        {ONE: unit("00.01.01").replace("id: 00.01.01", 'id: "00.01.01"')}, [f"{ONE}:2"], 'id: "00.01.01"'
    ),
    "stale-flags": Case(
        {TWO: unit("00.01.02", "00.01.01", front=front(pending_prereqs="true"))},
        [f"{TWO}~pending_prereqs: true"],
        "waits for nothing",
    ),
    "missing-figures": Case(
        {ONE: unit("00.01.01").replace("\n## ", "\n![A line](figures/line.svg)\n\n## ", 1)},
        [f"{ONE}~![A line]"],
        "figures/line.svg",
    ),
    "unreadable-files": Case(
        {"manifests/units/00.01.01.json": "{"}, ["manifests/units/00.01.01.json"], "not valid JSON"
    ),
    "doubled-keys": Case(
        {CAMPAIGN: DOUBLED}, [f"{CAMPAIGN}:15"], 'x.y stands in line 14 already: {"said": "more"} and 1'
    ),
    "ledger-of-another-age": Case({CAMPAIGN: OLD_TEXT}, [CAMPAIGN, f"{CAMPAIGN}:4", f"{CAMPAIGN}:8"], "alpha → α"),
    "ledger-faults": Case(
        {**LEDGER, "manifests/campaign.log.jsonl": LEDGER["manifests/campaign.log.jsonl"].replace(b"one", b"two")},
        ["manifests/campaign.log.jsonl:1"],
    ),
    "projection": Case(
        {**LEDGER, CAMPAIGN: LEDGER[CAMPAIGN].replace(b'"draft"', b'"woven"')}, [CAMPAIGN], 'is "woven"'
    ),
    "ledger-books": Case({**Book(registered("book:one", fasttrack_entry="9.99")).files}, [CAMPAIGN], "9.99"),
    "audits-without-book": Case({"plans/fasttrack/two.md": "# Two (Fast Track 1.01)\n"}, ["plans/fasttrack/two.md"]),
    "unlisted-audits": Case(
        {"plans/fasttrack/two.md": "# Two\n\n(Fast Track 9.01)\n", "plans/fasttrack/three.md": "# 3\n"},
        ["plans/fasttrack/three.md", "plans/fasttrack/two.md:3"],
        "number 9.01",
    ),
    "broken-edges": Case(
        {deps.PATH: graph([*EDGES, edge("00.01.04", "["), edge("00.01.04", "]")]), FOUR: unit("00.01.04")},
        [f"{deps.PATH}:15", f"{deps.PATH}:20"],
        "'00.01.04' → '['",
    ),
    "doubled-edges": Case(
        {deps.PATH: graph([edge("00.01.01", "00.01.02", "pending"), *EDGES])},
        [f"{deps.PATH}:10"],
        "stands in line 5 already (pending)",
    ),
    "stale-graph": Case(
        {
            deps.PATH: graph(
                [edge("00.01.01", "00.01.02", "pending"), EDGES[1]],
                pending=["00.01.02", "00.09.01"],
                shipped=list(IDS[:3]),
            )
        },
        [f"{deps.PATH}:17", f"{deps.PATH}:5", FOUR],
    ),
    "missing-edges": Case({deps.PATH: graph(EDGES[:1])}, [f"{THREE}:8"], "00.01.02 → 00.01.03"),
    "contradicting-edges": Case(
        {ONE: unit("00.01.01", "00.01.03")}, [f"{ONE}:8"], "would close 00.01.03 → 00.01.01 → 00.01.02 → 00.01.03"
    ),
    "unknown-prerequisites": Case({FOUR: unit("00.01.04", "00.07.07")}, [f"{FOUR}:8"], "00.07.07 → 00.01.04"),
    "cycles": Case({deps.PATH: graph(IN_CIRCLE)}, [f"{deps.PATH}:15"], "00.01.01 → 00.01.02 → 00.01.03 → 00.01.01"),
    "unnamed-edges": Case(
        {deps.PATH: graph([*EDGES, edge("00.01.01", "00.01.04")])}, [f"{deps.PATH}:15"], "neither unit names"
    ),
    "shipped-without-file": Case({deps.PATH: graph(shipped=[*IDS, "00.09.09"])}, [f"{deps.PATH}:22"], "00.09.09"),
    "concepts-without-entry": Case(
        {catalog.PATH: concepts(*map(concept, IDS[1:]))}, [f"{ONE}:7"], "numbers.unit-00-01-01"
    ),
    "concepts-without-unit": Case(
        {catalog.PATH: concepts(concept(IDS[0], ""), *map(concept, IDS[1:]))},
        [f"{catalog.PATH}:5"],
        "00.01.01 teaches it",
    ),
    "planned-notes": Case(
        {
            catalog.PATH: concepts(
                concept(IDS[0], "- **unit**: `{}` (planned)\n", "planned; no unit yet"), *map(concept, IDS[1:])
            )
        },
        [f"{catalog.PATH}:8", f"{catalog.PATH}:9"],
        "called planned",
    ),
    "concepts-of-another-unit": Case(
        {catalog.PATH: concepts(concept(IDS[0], "- **unit**: `00.01.02`\n"), *map(concept, IDS[1:]))},
        [f"{catalog.PATH}:5"],
    ),
    "concepts-of-several-units": Case(
        {FOUR: unit("00.01.04").replace("numbers.unit-00-01-04", "numbers.unit-00-01-01")}, [f"{catalog.PATH}:5"]
    ),
    "repeated-concepts": Case({catalog.PATH: concepts(*map(concept, (*IDS, IDS[0])))}, [f"{catalog.PATH}:29"]),
    "concepts-without-file": Case({catalog.PATH: concepts(*map(concept, (*IDS, "00.09.09")))}, [f"{catalog.PATH}:29"]),
    "connections-of-unknown-concepts": Case(
        {connections.PATH: registry(connection(to="numbers.none"))}, [f"{connections.PATH}:4"], "numbers.none"
    ),
    "connections-of-unknown-units": Case(
        {connections.PATH: registry(connection(appears_in_units=["00.09.09"]))}, [f"{connections.PATH}:4"]
    ),
    "connections-without-their-units": Case(
        {ONE: unit("00.01.01", front="connections:\n  out:\n    - conn:001.a\n")}, [f"{connections.PATH}:4"], "00.01.01"
    ),
    "unregistered-connections": Case(
        {ONE: unit("00.01.01", front="connections:\n  out:\n    - conn:009.b\n")}, [f"{ONE}~connections:"], "conn:009.b"
    ),
    "connection-counts": Case(
        {connections.PATH: registry(by_type={"dual": 4, "limit": 0})}, [f"{connections.PATH}:17"], "'dual': 4"
    ),
    "stale-plan": Case(
        {
            PRODUCTION_PLAN: plan(
                **{
                    "00.01.01": planned("00.01.01", successors=["[", "00.01.02"]),
                    "00.09.09": planned("00.01.01", id="00.09.09"),
                    "00.01.02": planned("00.01.02", status="queued"),
                }
            )
        },
        [f'{PRODUCTION_PLAN}~"{unit_id}": {{' for unit_id in ("00.01.01", "00.01.02", "00.09.09")],
    ),
    "missing-commands": Case({".claude/commands/dashboard.md": None}, [".claude/commands/dashboard.md"]),
}


def test_every_kind_has_a_case_and_a_sound_corpus_none():
    assert set(CASES) == {kind.name for kind in KINDS}
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert [(each.kind.name, each.examples) for each in findings(view({}))] == []


def resolved(place: str, files: dict[str, Any]) -> str:
    """``path~words`` as path:line of the first line with these words; any other place as it is."""
    path, _, words = place.partition("~")
    if not words:
        return place
    lines = view(files).text(path).split("\n")
    return f"{path}:{next(n for n, line in enumerate(lines, 1) if words in line)}"


@pytest.mark.parametrize("name", CASES)
def test_what_is_off_is_found_with_its_place(name):
    case = CASES[name]
    told: list[Found] = found(name, case.files)
    assert [each.place for each in told] == [resolved(place, case.files) for place in case.places]
    assert any(case.says in each.text for each in told), [each.text for each in told]


@pytest.mark.parametrize("name", REPAIRS)
def test_a_repair_leaves_nothing_of_its_kind_and_no_unit_worse(name):
    before, after = view(CASES[name].files).snapshot, overlay(mended(name, CASES[name].files))
    was, now = ({r.path: r.state for r in check_corpus(each).results} for each in (before, after))
    assert {p for p, state in now.items() if state == "failing"} <= {
        p for p, state in was.items() if state == "failing"
    }
    new = {each.kind.name for each in findings(view(dict.fromkeys(sound()) | mended(name, CASES[name].files)))}
    assert name not in new and new <= {each.kind.name for each in findings(view(CASES[name].files))}


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
def test_a_kind_says_what_it_means_and_what_mends_it(name):
    kind = BY_NAME[name]
    assert kind.means.endswith((".", "`.")) and kind.mends.endswith(".")


# --- what single repairs keep -----------------------------------------------------------------------------------------


def test_edges_of_a_broken_list_are_made_from_the_front_matter():
    edges = [EDGES[0], *(edge(letter, "00.01.03") for letter in "[0.12]"), edge("00.09.09", "[")]
    done = json.loads(mended("broken-edges", {deps.PATH: graph(edges)})[deps.PATH])
    assert done["edges"] == [EDGES[0], edge("00.01.02", "00.01.03")]
    assert done["mine"] == {"kept": [1]} and done["_notes"] == {"00.01.01": "the first"}


def test_a_doubled_edge_to_what_is_not_here_stays_announced():
    edges = [*EDGES, edge("00.01.01", "00.09.09"), edge("00.01.01", "00.09.09", "pending")]
    done = json.loads(mended("doubled-edges", {deps.PATH: graph(edges)})[deps.PATH])
    assert done["edges"] == [*EDGES, edge("00.01.01", "00.09.09", "pending")]


def test_ids_without_a_file_stay_in_the_lists():
    done = json.loads(mended("stale-graph", CASES["stale-graph"].files)[deps.PATH])
    assert done["pending"] == ["00.09.01"] and done["shipped"] == list(IDS) and done["edges"] == EDGES


def test_marks_go_and_nothing_else_of_the_unit():
    text = unit("00.01.01").replace("id: 00.01.01", "id:  '00.01.01'  # mine").replace("\n", "\r\n")
    assert mended("quoted-ids", {ONE: text})[ONE] == text.replace("'00.01.01'", "00.01.01").encode()


def test_a_quoted_key_of_the_plan_joins_the_bare_one():
    quoted = planned("00.01.01", id='"00.01.01"', title="", mine="kept")
    done = json.loads(mended("quoted-ids", {PRODUCTION_PLAN: plan(**{'"00.01.01"': quoted})})[PRODUCTION_PLAN])
    assert done["units"]["00.01.01"] == planned("00.01.01", mine="kept")
    assert '"00.01.01"' not in done["units"] and done["mine"] == 1


def test_the_ledger_of_another_age_loses_nothing():
    files = mended("ledger-of-another-age", {CAMPAIGN: DOUBLED})
    snapshot = overlay(files)
    assert verify(snapshot) == []
    *_, last = Ledger.load(snapshot).events()
    assert last.kind == "noted" and last.data["adopted"] == CAMPAIGN
    told = {each["where"]: (each["before"], each["after"]) for each in last.data["normalised"]}
    assert told["x.y"] == ([{"said": "more"}, 1], 1)
    assert told["books.one.tier"] == ("alpha", "α")
    book = Ledger.load(snapshot).book("one")
    assert (book["tier"], book["status"], book["passes"]["P1_audit"]["status"]) == ("α", "audited", "completed")
    assert book["adopted"] == {"tier": "alpha", "passes": OLD["books"]["one"]["passes"]}


def test_a_projection_is_not_rebuilt_from_a_log_that_cannot_be_trusted():
    files = dict(CASES["ledger-faults"].files) | {CAMPAIGN: b"{}"}
    with pytest.raises(DataError, match=r"The log cannot be trusted: manifests/campaign\.log\.jsonl, line 1"):
        rebuilt(view(files))
    assert not REPAIRS["projection"].repair(view(files), NOW).changes


def test_projection_is_byte_for_byte_the_fold():
    files = Book(registered("book:one"), draft("noted", "book:one", rationale="x")).files
    assert mended("projection", files | {CAMPAIGN: b'{"books": {}}'})[CAMPAIGN] == files[CAMPAIGN]


def test_a_persons_own_command_stays():
    mine = {".claude/commands/dashboard.md": "mine", ".claude/commands/audit-next.md": None}
    done = mended("missing-commands", mine)
    assert done[".claude/commands/dashboard.md"] == b"mine"
    assert done[".claude/commands/audit-next.md"] == slash_commands()[".claude/commands/audit-next.md"]


def test_the_plan_keeps_keys_of_others():
    done = json.loads(mended("stale-plan", CASES["stale-plan"].files)[PRODUCTION_PLAN])
    assert done["mine"] == 1 and list(done["units"]) == list(IDS) and done["generated_at"] == "2026-01-05T12:00:00Z"


def test_a_concept_is_found_by_its_slug_also_when_the_table_is_missing():
    assert [f.place for f in found("concepts-without-entry", {catalog.PATH: None})][:1] == [f"{ONE}:7"]
    assert b"### numbers.unit-00-01-01" in mended("concepts-without-entry", {catalog.PATH: None})[catalog.PATH]


def test_without_a_booklist_no_audit_is_unlisted_for_its_number_alone():
    told = found("unlisted-audits", {booklist.PATH: None, "plans/fasttrack/two.md": "# FT 1.01\n"})
    assert [each.text for each in told] == ["it is about number 1.01, which docs/catalogs/FASTTRACK_BOOKLIST.md lacks"]


def test_slugs_of_the_helper_are_those_of_the_corpus():
    assert slug("00.01.E1") == "unit-00-01-e1"
