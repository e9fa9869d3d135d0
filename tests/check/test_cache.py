"""Verdicts of earlier runs: the same as judging anew, and used again unless something that was asked has changed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codex.cache.store import Store
from codex.cache.tree import CachedTree
from codex.check import CheckReport, SnapshotAnswers, check_corpus, judging, policy, runner
from codex.check.answers import Answers
from codex.check.facts import Facts
from codex.check.policy import PathRules, Policy
from codex.check.recording import Recorder, holds
from codex.check.registry import RULES, rules_at
from codex.check.samples import SAMPLE, SAMPLE_FILES, SAMPLE_PATH, sample_snapshot
from codex.snapshot import Snapshot
from codex.units import parse_unit

FOLDER = SAMPLE_PATH.rpartition("/")[0]
CATALOG, DEPS = "docs/catalogs/CONCEPT_CATALOG.md", "manifests/deps.json"


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths of all units that are judged anew."""
    found: list[str] = []
    real = judging.judge

    def noted(unit: Any, *arguments: Any, **options: Any) -> judging.Judged:
        found.append(unit.path)
        return real(unit, *arguments, **options)

    monkeypatch.setattr(runner, "judge", noted)
    return found


def check(snapshot: Snapshot, cache: Path, **options: Any) -> CheckReport:
    return check_corpus(snapshot, store=Store(cache), **options)


def test_nothing_changed_nothing_judged(tmp_path: Path, judged: list[str]) -> None:
    snapshot, _ = sample_snapshot()
    first = check(snapshot, tmp_path / "c", level="full")
    assert len(judged) == len(first.results) + 1  # deps.json
    core, full = check_corpus(snapshot), check_corpus(snapshot, level="full")
    judged.clear()
    assert check(snapshot, tmp_path / "c", level="full") == first == full
    assert check(snapshot, tmp_path / "c") == core
    assert judged == []


def test_more_rules_are_judged_beside_those_known(tmp_path: Path, judged: list[str]) -> None:
    snapshot, path = sample_snapshot()
    check(snapshot, tmp_path / "c", paths=[path])
    full = check(snapshot, tmp_path / "c", paths=[path], level="full")
    assert full == check_corpus(snapshot, [path], level="full")
    judged.clear()
    check(snapshot, tmp_path / "c", paths=[path], select=["XE", "PH001"])
    assert check(snapshot, tmp_path / "c", paths=[path]) == check_corpus(snapshot, [path])
    assert judged == [path]  # by check_corpus without the cache


STUB = "---\nid: {id}\nstatus: {status}\n---\n\nText.\n"

#: A change to the workspace → the units of it that have to be judged again.
CHANGES: list[tuple[dict[str, str | None], set[str]]] = [
    ({f"{FOLDER}/00.01.07-more.md": STUB.format(id="00.01.07", status="shipped")}, {f"{FOLDER}/00.01.07-more.md"}),
    ({CATALOG: "### another.entry\n" + SAMPLE_FILES[CATALOG]}, set()),
    ({CATALOG: "### another.entry\n"}, {SAMPLE_PATH}),
    ({DEPS: '{"edges": [{"from": "00.01.01", "to": "00.01.07"}], "pending": []}'}, {DEPS}),
    ({DEPS: '{"edges": [], "pending": ["00.01.01"]}'}, {DEPS}),
    ({f"{FOLDER}/00.01.03-neighbour.md": None}, {SAMPLE_PATH}),
    (
        {f"{FOLDER}/00.01.01-neighbour.md": STUB.format(id="00.01.01", status="draft")},
        {f"{FOLDER}/00.01.01-neighbour.md", SAMPLE_PATH},
    ),
    (
        {f"{FOLDER}/00.01.E1-exercises.md": STUB.format(id="00.01.E1", status="draft")},
        {f"{FOLDER}/00.01.E1-exercises.md"},
    ),
    ({f"{FOLDER}/twice.md": STUB.format(id="00.01.02", status="draft")}, {f"{FOLDER}/twice.md", SAMPLE_PATH}),
    ({"_meta/NOTATION.md": "\\Evens"}, set()),
    ({SAMPLE_PATH: SAMPLE + "\n"}, {SAMPLE_PATH}),
    ({"README.md": "hello"}, set()),
]


@pytest.mark.parametrize(("change", "again"), CHANGES)
def test_only_units_whose_answers_changed_are_judged_again(
    tmp_path: Path, judged: list[str], change: dict[str, str | None], again: set[str]
) -> None:
    snapshot, _ = sample_snapshot()
    check(snapshot, tmp_path / "c", level="full")
    changed = snapshot.with_changes({path: text and text.encode() for path, text in change.items()})
    judged.clear()
    report = check(changed, tmp_path / "c", level="full")
    assert set(judged) == again
    assert report == check_corpus(changed, level="full")
    judged.clear()
    check(snapshot, tmp_path / "c", level="full")
    assert set(judged) <= again


def test_a_notation_is_asked_for_by_those_who_need_it(tmp_path: Path, judged: list[str]) -> None:
    snapshot, path = sample_snapshot()
    using = snapshot.with_changes({path: SAMPLE.replace("$m + n", "$\\Evens + m + n").encode()})
    check(using, tmp_path / "c", level="full")
    judged.clear()
    check(using.with_changes({"_meta/NOTATION.md": b"\\Evens"}), tmp_path / "c", level="full")
    assert judged == [path]


def test_a_unit_is_known_wherever_it_stands_but_not_under_another_name(tmp_path: Path, judged: list[str]) -> None:
    snapshot, path = sample_snapshot()
    check(snapshot, tmp_path / "c", paths=[path])
    moved = snapshot.with_changes({path: None, f"{FOLDER}/other.md": SAMPLE.encode()})
    judged.clear()
    report = check(moved, tmp_path / "c", paths=[f"{FOLDER}/other.md"])
    assert judged == [f"{FOLDER}/other.md"]
    assert [check.code for check in report.results[0].failures] == ["ID001"]


def test_a_new_version_of_a_rule_is_asked(tmp_path: Path, judged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot, path = sample_snapshot()
    check(snapshot, tmp_path / "c", paths=[path])
    newer = tuple(replace(rule, version=2) if rule.code == "CC001" else rule for rule in RULES)
    monkeypatch.setattr(policy, "RULES", newer)
    judged.clear()
    check(snapshot, tmp_path / "c", paths=[path])
    assert judged == [path]
    judged.clear()
    check(snapshot, tmp_path / "c", paths=[path])
    assert judged == []


def test_other_code_judges_anew(tmp_path: Path, judged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot, path = sample_snapshot()
    check(snapshot, tmp_path / "c", paths=[path])
    monkeypatch.setattr("codex.check.verdicts.judging_code", lambda: "other")
    judged.clear()
    check(snapshot, tmp_path / "c", paths=[path])
    assert judged == [path]


@pytest.mark.parametrize("harm", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"?" * 9000])
def test_a_broken_cache_changes_no_verdict(tmp_path: Path, harm: Any) -> None:
    snapshot, _ = sample_snapshot()
    cache = tmp_path / "c"
    first = check(snapshot, cache, level="full")
    cache.write_bytes(harm(cache.read_bytes()))
    assert check(snapshot, cache, level="full") == check(snapshot, cache, level="full") == first


def test_what_cannot_be_asked_again_is_judged_again(tmp_path: Path, judged: list[str]) -> None:
    """A prerequisite that YAML reads as a date: no JSON can say what was asked."""
    snapshot, path = sample_snapshot()
    text = SAMPLE.replace("  - 00.01.01\n", "  - 2026-01-01\npending_prereqs: true\n")
    dated = snapshot.with_changes({path: text.encode()})
    for _ in range(2):
        judged.clear()
        assert check(dated, tmp_path / "c", paths=[path]) == check_corpus(dated, [path])
        assert judged == [path, path]


def test_severities_by_path_are_not_part_of_what_is_kept(tmp_path: Path) -> None:
    snapshot, path = sample_snapshot()
    bad = snapshot.with_changes({path: SAMPLE.replace("Oxford, 1938", "Oxford").encode()})
    strict = Policy(rules_at("full"), "full", (PathRules("content", gate=("XH001",)),))
    for chosen in (Policy.of("full"), strict, Policy.of("full")):
        found = check(bad, tmp_path / "c", paths=[path], policy=chosen)
        assert found == check_corpus(bad, [path], policy=chosen)
        assert (found.results[0].state == "failing") == (chosen is strict)


QUESTIONS = sorted(name for name in vars(Answers) if not name.startswith("_"))


class _Answering:
    """Answers everything the same."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.answer


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "shared_run"])
@pytest.mark.parametrize(("answer", "other"), [(True, False), (("a", "b"), ("a",)), ("", "x")])
def test_every_question_is_written_down_and_asked_again(question: str, answer: Any, other: Any) -> None:
    recorder = Recorder(_Answering(answer))
    arguments = [] if question == "reference_digest" else ["00.01.01"]
    assert getattr(recorder, question)(*arguments) == answer
    asked = json.loads(json.dumps(recorder.asked))
    assert recorder.repeatable and [each[:2] for each in asked] == [[question, arguments]]
    assert holds(asked, _Answering(answer))
    assert not holds(asked, _Answering(other))


def test_a_question_that_is_none_does_not_hold() -> None:
    assert not holds([("__init__", [], None)], _Answering(None))
    assert "shared_run" in QUESTIONS
    assert not holds([("shared_run", [], None)], _Answering(None))


# Random histories

UNITS = [f"00.01.0{number}" for number in range(1, 5)]
PATHS = {unit: f"{FOLDER}/{unit}-neighbour.md" for unit in UNITS} | {"00.01.02": SAMPLE_PATH}
BODIES = st.sampled_from(["Text.", "See [00.01.03].", "Clearly [00.01.04].", "## A [Master]\n\n$\\Evens$ [ref: x]"])


@st.composite
def unit_files(draw: Any) -> tuple[str, bytes | None]:
    unit = draw(st.sampled_from(UNITS))
    if draw(st.booleans()) and unit == "00.01.02":
        return PATHS[unit], SAMPLE.replace(
            "status: shipped", f"status: {draw(st.sampled_from(['draft', 'shipped']))}"
        ).encode()
    if draw(st.integers(0, 5)) == 0:
        return PATHS[unit], None
    lines = [
        f"id: {draw(st.sampled_from(UNITS))}",
        f"status: {draw(st.sampled_from(['draft', 'shipped']))}",
        f"prerequisites: {json.dumps(draw(st.lists(st.sampled_from([*UNITS, '00.01.09']), max_size=2)))}",
        f"pending_prereqs: {draw(st.sampled_from(['true', 'false']))}",
        f"concept_catalog_id: {draw(st.sampled_from(['numbers.parity', 'a.b', '3']))}",
        f"tiers_present: {draw(st.sampled_from(['[master]', '7']))}",
        "hooks_out: [{target: 00.01.03, kind: confirmed, confirmed_by: x, why: because it needs thirty characters}]",
    ]
    kept = [line for line in lines if draw(st.integers(0, 4))]
    return PATHS[unit], ("---\n" + "\n".join(kept) + "\n---\n\n" + draw(BODIES) + "\n").encode()


EDGES = st.lists(
    st.fixed_dictionaries(
        {
            "from": st.sampled_from(UNITS),
            "to": st.sampled_from([*UNITS, "00.01.09"]),
            "state": st.sampled_from(["pending", "shipped"]),
        }
    ),
    max_size=2,
)
SHARED_FILES = st.one_of(
    st.tuples(st.just(CATALOG), st.sampled_from([b"### numbers.parity\n", b"### a.b 3\n", b"", None])),
    st.tuples(
        st.just(DEPS),
        st.builds(
            lambda edges, pending: json.dumps({"edges": edges, "pending": pending}).encode(),
            EDGES,
            st.lists(st.sampled_from([*UNITS, "00.01.09"]), max_size=2),
        ),
    ),
    st.tuples(st.just("_meta/NOTATION.md"), st.sampled_from([b"\\Evens", b"none", None])),
    st.tuples(st.just("reference/x/a.md"), st.sampled_from([b"some words", None])),
    st.tuples(
        st.just("site/src/content/x.md"), st.sampled_from([STUB.format(id="00.01.03", status="shipped").encode(), None])
    ),
)
EDITS = st.lists(unit_files() | SHARED_FILES, min_size=1, max_size=3).map(dict)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(EDITS, st.sampled_from(["core", "full"])), min_size=1, max_size=4))
def test_the_cache_never_changes_a_verdict(home: Path, history: list[tuple[dict[str, bytes | None], Any]]) -> None:
    """Over any history of edits to units, catalog, graph, statuses, notation and archive."""
    (home / "c").unlink(missing_ok=True)
    snapshot: Snapshot = sample_snapshot()[0]
    for edits, level in history:
        snapshot = snapshot.with_changes(edits)
        anew = check_corpus(snapshot, level=level)
        assert check_corpus(snapshot, level=level, store=Store(home / "c")) == anew
        assert check_corpus(snapshot, level=level, store=Store(home / "c")) == anew


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS, EDITS)
def test_a_verdict_changes_only_if_the_unit_or_an_answer_has(
    before: dict[str, bytes | None], change: dict[str, bytes | None]
) -> None:
    """What every rule asked is all that its verdict depends on, apart from the unit."""
    old = sample_snapshot()[0].with_changes(before)
    new = old.with_changes(change)
    answers, later = SnapshotAnswers(old, Facts()), SnapshotAnswers(new, Facts())
    for path in set(old.under("content")) & set(new.under("content")):
        unit = parse_unit(old.read(path), path)
        if unit.error or old.read(path) != new.read(path):
            continue
        for rule in RULES:
            recorder = Recorder(answers)
            said = judging._said(rule, unit, recorder)
            if holds(recorder.asked, later):
                assert judging._said(rule, unit, later) == said, rule.code


def test_a_tree_is_checked_without_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "corpus"
    for name, text in SAMPLE_FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr("codex.cache.tree._SETTLED", -1)
    first = _check_tree(root, tmp_path / "c")
    monkeypatch.setattr("codex.cache.tree._read", lambda path: pytest.fail(f"{path} is read"))
    assert _check_tree(root, tmp_path / "c") == first


def _check_tree(root: Path, cache: Path) -> CheckReport:
    tree = CachedTree(root, Store(cache))
    return check_corpus(tree, level="full", store=tree.store)


def test_runs_at_the_same_time_agree(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    for name, text in SAMPLE_FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "codex.cli", "check", "-w", str(root), "--level", "full", "--format", "json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    outputs = [process.communicate() for process in running]
    assert {error for _, error in outputs} == {b""}
    assert len({output for output, _ in outputs}) == 1
    done = subprocess.run([*command, "--no-cache"], capture_output=True, check=False)
    assert done.stdout == outputs[0][0]
    assert (root / ".codex" / ".gitignore").read_text() == "*\n"
