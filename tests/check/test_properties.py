"""What holds for any bytes and any change."""

from __future__ import annotations

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from codex.check import SnapshotAnswers, check_corpus, check_unit
from codex.check.registry import RULE_BY_CODE, RULES
from codex.check.samples import SAMPLE, SAMPLE_PATH, sample_snapshot
from codex.units import parse_unit

KEYS = [
    *("id", "tiers_present", "prerequisites", "references", "lean_status", "lean_module", "lean_mathlib_gap", "status"),
    *("concept_catalog_id", "hooks_out", "tier_anchors", "slug", "pending_prereqs", "human_reviewer"),
]
VALUES = [
    *("", "~", "yes", "3", "[a]", "[[a]]", "{a: b}", "[{a: b}]", "text", "'00.01.01'", "2026-01-01", '"\\ud800"'),
    *("[{source: [a], path: b}]", "[{source: a, path: {b: c}}]", "[{target: [x], kind: {}}]", "&a [*a]", "full"),
    "none",
]
PIECES = [
    *("## T [Master]", "### [Beginner]", "```", "$", "$$", "<aside", '<aside class="exercise">', "</aside>", "\n\n"),
    *("\n", "[00.01.01]", "- ", "obviously", "\\sum", "|a|", "![a](b)", "Hence ", "\r\n", "[ref: x]", "<details>"),
    "Exercises",
]

HEADS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)), max_size=4)
BODIES = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@settings(max_examples=150, deadline=None)
@given(HEADS, BODIES, st.integers(0, len(SAMPLE)), st.binary(max_size=3))
def test_no_rule_ever_raises(head: list[tuple[str, str]], body: str, cut: int, noise: bytes) -> None:
    lines = "".join(f"{key}: {value}\n" for key, value in head)
    hostile = SAMPLE.replace("status: shipped\n", f"status: shipped\n{lines}") + body
    snapshot, path = sample_snapshot()
    answers = SnapshotAnswers(snapshot)
    for data in (hostile.encode(), hostile.encode()[:cut] + noise, f"---\n{lines}---\n{body}".encode()):
        result = check_unit(parse_unit(data, path), answers, RULES)
        assert result.error or len(result.checks) >= 16


PHRASED_PIECES = [
    *("obvi", "ously", " ", "Clearly", "trİvial", "Trivially", "it is easy", " to see", "```x```", "as we will see"),
    *("now, ", "let's ", "lets\n", "consider", "K", "-", "nontrivial", "\r\n", "é"),
]
PHRASED = st.lists(st.sampled_from(PHRASED_PIECES), max_size=9).map("".join)
NAIVE = re.compile(
    r"\bobviously\b|\bclearly\b|\bit is easy to see\b|\bas we will see\b|\btrivial(?:ly)?\b"
    r"|\bnow,?\s+let'?s\s+consider\b"
)


@settings(max_examples=200, deadline=None)
@given(PHRASED)
def test_prohibited_phrases_are_found_as_by_plain_search(text: str) -> None:
    """Unit-rubric §1.6, PH001: in the lower-cased body without code."""
    snapshot, path = sample_snapshot()
    unit = parse_unit((SAMPLE + text).encode(), path)
    [found] = check_unit(unit, SnapshotAnswers(snapshot), [RULE_BY_CODE["PH001"]]).checks
    assert found.passed == (NAIVE.search(re.sub(r"```.*?```", "", unit.body, flags=re.DOTALL).lower()) is None)


IDS = st.sampled_from(["00.01.01", "00.01.02", "[", ""]) | st.none() | st.lists(st.integers(), max_size=1)
EDGES = st.fixed_dictionaries({}, optional={"from": IDS, "to": IDS, "state": IDS}) | st.integers()
GRAPHS = st.fixed_dictionaries(
    {}, optional={"edges": st.lists(EDGES, max_size=5) | IDS, "pending": st.lists(IDS) | IDS}
)


@settings(deadline=None)
@given(st.binary(max_size=80) | GRAPHS.map(lambda graph: json.dumps(graph).encode()))
def test_the_graph_rule_never_raises(data: bytes) -> None:
    snapshot, _ = sample_snapshot()
    changed = snapshot.with_changes({"manifests/deps.json": data})
    [graph] = check_corpus(changed, ["manifests/deps.json"], select=["XG001"]).workspace
    assert graph.checks[0].verdict in ("pass", "fail")


@settings(max_examples=60, deadline=None)
@given(BODIES)
def test_line_ends_make_no_difference(body: str) -> None:
    text = (SAMPLE + body).replace("\r\n", "\n")
    snapshot, path = sample_snapshot()
    answers = SnapshotAnswers(snapshot)
    results = [
        check_unit(parse_unit(text.replace("\n", end).encode(), path), answers, RULES) for end in ("\n", "\r\n", "\r")
    ]
    assert results[0] == results[1] == results[2]


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_of_files_makes_no_difference(random: object) -> None:
    snapshot, _ = sample_snapshot()
    paths = list(snapshot.under("content"))
    shuffled = paths.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    files = {path: snapshot.read(path) for path in snapshot.blobs()}
    reordered = snapshot.with_changes({path: files[path] for path in reversed(list(files))})
    assert check_corpus(reordered, shuffled, level="full") == check_corpus(snapshot, paths, level="full")


def test_a_verdict_changes_only_with_what_it_reads() -> None:
    """Other units, catalog entries and edges come and go; the sample's result stays."""
    snapshot, path = sample_snapshot()
    before = check_corpus(snapshot, [path], level="full").results
    catalog = snapshot.text("docs/catalogs/CONCEPT_CATALOG.md") + "\n### more.entries\n"
    changes = {
        "content/00-numbers/01-integers/00.01.07-more.md": b"---\nid: 00.01.07\nstatus: shipped\n---\n\nText.\n",
        "docs/catalogs/CONCEPT_CATALOG.md": catalog.encode(),
        "manifests/deps.json": b'{"edges": [{"from": "00.01.01", "to": "00.01.07"}], "pending": []}',
    }
    assert check_corpus(snapshot.with_changes(changes), [SAMPLE_PATH], level="full").results == before
