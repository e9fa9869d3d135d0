"""What the recorded conversations hold: a real run with everything that can happen to a book, and prose of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from codex.check.registry import RULE_BY_CODE
from tests.pilot import independent
from tests.pilot.conftest import Pilot
from tests.pilot.helpers import SLUG, blobs, events

#: The audit's inventories, as the reply names them → the layer that may be stated as having none.
INVENTORIES = {
    "contents": "intuition",
    "theorems": "theorem",
    "exercises": "exercise",
    "examples": "worked_example",
    "notation": "notation",
    "sequencing": "sequencing",
    "applications": "application",
}

#: A run of so many words that stands elsewhere is a copy.
COPIED = 13

#: With a year in it, it is the title of a work that both cite.
_CITED = r"\b1[6-9]\d\d\b|\b20[0-2]\d\b"


class Conversation:
    """One recording: ``P4_production.03.09.03.2`` is the second attempt at that unit."""

    def __init__(self, path: Path) -> None:
        pass_name, _, rest = path.stem.partition(".")
        unit, _, attempt = rest.rpartition(".")
        self.name, self.pass_name, self.unit, self.attempt = path.stem, pass_name, unit or None, int(attempt)
        self.turns = [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def handed_in(self) -> list[dict[str, Any]]:
        """Everything that was submitted, also what did not fit its model."""
        blocks = [block for turn in self.turns for block in turn["message"]["content"]]
        return [b["input"] for b in blocks if b["type"] == "tool_use" and b["name"] == "submit"]


@pytest.fixture(scope="module")
def conversations(recordings: Path) -> list[Conversation]:
    return [Conversation(path) for path in sorted((recordings / SLUG).glob("*.jsonl"))]


def last_reply(conversations: list[Conversation], pass_name: str) -> dict[str, Any]:
    """What the last attempt at a pass handed in: the one that was taken."""
    mine = [each for each in conversations if each.pass_name == pass_name]
    return max(mine, key=lambda each: each.attempt).handed_in()[-1]


def of_pass(pilot: Pilot, name: str, *kinds: str) -> list[dict[str, Any]]:
    return [event for event in events(pilot.folder) if event["pass_name"] == name and event["kind"] in kinds]


def test_a_run_of_real_agents_was_recorded_and_is_described(
    conversations: list[Conversation], recordings: Path
) -> None:
    turns = [turn for each in conversations for turn in each.turns]
    assert {turn["backend"] for turn in turns} <= {"handoff", "anthropic"}
    assert all([turn["turn"] for turn in each.turns] == list(range(1, len(each.turns) + 1)) for each in conversations)
    assert any(block["name"] != "submit" for turn in turns for block in uses(turn)), "agents that used their tools"
    readme = (recordings / "README.md").read_text("utf-8").lower()
    assert {turn["message"]["model"] for turn in turns} <= set(re.findall(r"[\w.-]+", readme))
    assert re.search(r"\b20\d\d-\d\d-\d\d\b", readme)
    assert "tokens" in readme
    assert "estimated" in readme or not any(turn["tokens_estimated"] for turn in turns)


def uses(turn: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in turn["message"]["content"] if block["type"] == "tool_use"]


def test_the_pilot_asks_for_every_recorded_turn(conversations: list[Conversation], pilot: Pilot) -> None:
    parts = ((f"book:{SLUG}", c.pass_name, *([c.unit] if c.unit else []), str(c.attempt)) for c in conversations)
    recorded = {f"{'/'.join(p)}/{t['turn']}" for p, c in zip(parts, conversations, strict=True) for t in c.turns}
    assert set(pilot.requests) == recorded
    assert set(pilot.requests.values()) == {1}


def test_the_audit_has_seven_inventories_and_its_sources(conversations: list[Conversation]) -> None:
    reply = last_reply(conversations, "P1_audit")
    stated = {none["inventory"]: none for none in reply.get("none_stated", [])}
    numbers = {source["number"] for source in reply["sources"]}
    assert len(numbers) >= 3
    for inventory, layer in INVENTORIES.items():
        rows = reply.get(inventory, [])
        assert rows or (stated[layer]["reason"] and set(stated[layer]["sources"]) <= numbers), inventory
        assert all(set(each.get("sources", numbers)) <= numbers for each in rows)
    cited = {number for name in INVENTORIES for each in reply.get(name, []) for number in each.get("sources", ())}
    assert len(cited) >= 3, "inventories cite their sources"


def test_gaps_were_found_and_units_planned_for_them(conversations: list[Conversation]) -> None:
    answers = last_reply(conversations, "P2_gap")["answers"]
    assert {"gap", "covered"} <= {answer["status"] for answer in answers}
    plan = last_reply(conversations, "P3_plan")
    assert len(plan["new_units"]) >= 3
    assert len(plan["deepenings"]) >= 1
    planned = {row for each in (*plan["new_units"], *plan["deepenings"]) for row in each["rows"]}
    assert planned & {answer["row"] for answer in answers if answer["status"] == "gap"}


def test_three_new_units_and_a_deepening_were_shipped(pilot: Pilot) -> None:
    shipped = of_pass(pilot, "P4_production", "unit_shipped")
    made = {action: {e["unit"] for e in shipped if e["data"]["action"] == action} for action in ("new", "deepen")}
    assert len(made["new"]) >= 3
    assert len(made["deepen"] - made["new"]) >= 1
    for unit in made["new"]:
        (path,) = (pilot.folder / "content").rglob(f"{unit}-*.md")
        front, body = independent.read(path)
        assert set(front["tiers_present"]) == set(independent.TIERS)
        assert min(body.count('class="exercise__hint"'), body.count('class="exercise__answer"')) >= 5
        assert re.search(r"(?m)^##+ .*[Pp]roof", body)


def test_a_draft_failed_its_checks_and_was_repaired(pilot: Pilot, conversations: list[Conversation]) -> None:
    """A unit's text, written or woven: its defects are findings of the validator, and the next attempt was taken."""
    repaired = []
    for pass_name, taken in (("P4_production", "unit_shipped"), ("PW_weaving", "pass_completed")):
        for failed in of_pass(pilot, pass_name, "pass_failed", "unit_rejected"):
            codes = {defect.get("code") for defect in failed["data"]["defects"]}
            later = [
                e for e in of_pass(pilot, pass_name, taken) if e["seq"] > failed["seq"] and e["unit"] == failed["unit"]
            ]
            if codes & set(RULE_BY_CODE) and later:
                repaired.append((pass_name, failed["unit"], failed["data"]["attempt"]))
    assert repaired
    name, unit, attempt = repaired[0]
    assert {each.attempt for each in conversations if (each.pass_name, each.unit) == (name, unit)} >= {
        attempt,
        attempt + 1,
    }


def test_a_verification_fell_short_and_a_later_one_passed(pilot: Pilot) -> None:
    first, *_, last = of_pass(pilot, "P5_verification", "pass_failed", "pass_completed")
    assert first["data"]["kind"] == "shortfall"
    assert first["data"]["defects"], "its gap list"
    assert last["kind"] == "pass_completed"
    back = [event for event in of_pass(pilot, "P5_verification", "transition") if event["seq"] > first["seq"]]
    assert back[0]["to_state"] == "production-ready"
    between = [e for e in of_pass(pilot, "P4_production", "unit_shipped") if first["seq"] < e["seq"] < last["seq"]]
    assert between, "what was missing was produced"


def test_units_were_woven_and_continuity_was_verified(pilot: Pilot, conversations: list[Conversation]) -> None:
    woven = last_reply(conversations, "PW_weaving")["units"]
    edits = [(each["unit"], edit) for each in woven for edit in each["edits"]]
    assert edits
    report = (pilot.folder / "manifests" / "weaving_report.md").read_text("utf-8")
    for unit, edit in edits:
        assert unit in report
        assert " ".join(edit["reason"].split())[:40].replace("|", "\\|") in " ".join(report.split())
    judged = last_reply(conversations, "PV_continuity")["judgements"]
    assert judged
    assert all(each["holds"] for each in judged)
    assert of_pass(pilot, "PV_continuity", "pass_completed")
    assert "manifests/continuity_report.md" in blobs(pilot.folder)


@pytest.mark.soak
def test_no_reply_is_copied_from_the_published_corpus(
    conversations: list[Conversation], recordings: Path, shared_corpus: Path, fasttrack: Path
) -> None:
    replies = [text for each in conversations for reply in each.handed_in() for text in strings(reply)]
    starter = [path.read_text("utf-8") for path in (recordings.parent / "workspace").rglob("*.md")]
    assert len(replies) > 100
    assert len(starter) > 6
    published = [path for path in fasttrack.rglob("*") if path.suffix in {".md", ".json", ".jsonl"}]
    assert any(path.name.startswith("lawson-michelsohn") for path in published), "the book's own audit is among them"
    assert not shared_runs([*replies, *starter], (path.read_text("utf-8", "replace") for path in published))


def strings(value: Any) -> Iterator[str]:
    """All texts within a reply."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


def shared_runs(ours: Sequence[str], theirs: Iterator[str]) -> set[str]:
    """Runs of ``COPIED`` words of ours that stand in theirs.

    Any such run holds seven words of theirs that begin at a multiple of seven, so only those are looked up at first.
    """
    step = COPIED // 2 + 1
    mine = [words(text) for text in ours]
    short = {" ".join(each[n : n + step]) for each in mine for n in range(len(each) - step + 1)}
    found: set[str] = set()
    for text in theirs:
        other = words(text)
        for n in range(0, len(other) - step + 1, step):
            if " ".join(other[n : n + step]) in short:
                starts = range(max(n - step + 1, 0), n + 1)
                found |= {" ".join(other[k : k + COPIED]) for k in starts if k + COPIED <= len(other)}
    runs = {" ".join(each[n : n + COPIED]) for each in mine for n in range(len(each) - COPIED + 1)}
    return {run for run in found & runs if not re.search(_CITED, run)}


#: Nobody's prose: front matter, whose keys are given; headings; works listed by their titles; code; exercises' markup.
_NO_PROSE = re.compile(
    r"\A---\n.*?\n---\n|^## Bibliography.*?(?=^## |\Z)|^#+ .*?$|```.*?```|`[^`\n]*`|</?[a-z][^<>]*>",
    re.MULTILINE | re.DOTALL,
)
_MATH = re.compile(r"(\$\$.*?\$\$|\$[^$]*\$)", re.DOTALL)


def words(text: str) -> list[str]:
    """Runs of letters and digits, in lower case, each with the formulas after it: compared, but not counted."""
    found = [""]
    for n, piece in enumerate(_MATH.split(_NO_PROSE.sub(" ", text).lower())):
        if n % 2:
            found[-1] += "$" + "".join(re.findall(r"[^\W_]+", piece))
        else:
            found += re.findall(r"[^\W_]+", piece)
    return found[1:]


def test_a_copied_run_is_found_wherever_it_stands() -> None:
    """The comparison itself: 13 words are found at every offset, 12 are not."""
    sentence = [f"w{n}" for n in range(COPIED)]
    for before in range(20):
        other = " ".join(["x"] * before + sentence + ["y"] * 9)
        assert shared_runs([f"a b {' '.join(sentence)} c"], iter([other])) == {" ".join(sentence)}
        assert not shared_runs([f"a b {' '.join(sentence[1:])} c"], iter([other]))
