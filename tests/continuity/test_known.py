"""Figures of earlier runs: the same as measuring anew, and measured again only for what has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codex.cache.store import Store
from codex.cache.tree import CachedTree
from codex.continuity import known
from codex.continuity.corpus import ContinuityReport, measure_corpus
from codex.errors import DataError
from codex.snapshot import OverlaySnapshot, Snapshot, TreeSnapshot

REGISTRY = "manifests/connections.json"
PHRASES = ["the bridge", "The Bridge", "is dual", "spin", "is dual to spin", ""]
BODIES = [
    "The bridge is dual to spin.",
    "the bridge; 01.01.09, this is exactly it",
    "Spin generalises. We will see.",
    "IS DUAL",
]


def registry(phrases: list[str]) -> bytes:
    entries = [{"id": f"conn:{number:03}.x", "anchor_phrase": phrase} for number, phrase in enumerate(phrases)]
    return json.dumps({"connections": entries}).encode()


def unit(number: int, body: str) -> tuple[str, bytes]:
    text = f"---\nid: 01.01.{number:02}\n---\n\n## A [Intermediate+]\n\n{body}\n\n## B [Master]\n\n{body}\n"
    return f"content/01-a/01.01.{number:02}-x.md", text.encode()


BEATS = b"throughline: {synthesis_beats: [{after_step: 1, claim: said}]}\n"
FLOW = b"flow: {id: f}\n" + BEATS + b"steps: [{n: 1, bridge_after: said}]\n"


@pytest.fixture
def corpus(tmp_path: Path) -> OverlaySnapshot:
    (tmp_path / "empty").mkdir()
    files = dict(unit(number, body) for number, body in enumerate(BODIES))
    files |= {REGISTRY: registry(PHRASES), "flows/f.yaml": FLOW, "flows/g.md": b"no flow"}
    return TreeSnapshot(tmp_path / "empty").with_changes(files)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many units each run measures anew, and how many it only searches."""
    counts: list[int] = []
    real_measure, real_read = known.measure_all, known.read_text

    def measure_all(work: Any, anchors: Any) -> Any:
        counts.append(len(work))
        return real_measure(work, anchors)

    def read_text(data: bytes) -> Any:
        counts.append(-1)
        return real_read(data)

    monkeypatch.setattr(known, "measure_all", measure_all)
    monkeypatch.setattr(known, "read_text", read_text)
    return iter([counts])  # type: ignore[return-value]


def run(snapshot: Snapshot, cache: Path) -> ContinuityReport:
    report = measure_corpus(snapshot, store=Store(cache))
    assert report == measure_corpus(snapshot)
    return report


def test_nothing_is_measured_twice(corpus: OverlaySnapshot, tmp_path: Path, measured: Iterator[list[int]]) -> None:
    counts = next(measured)
    first = run(corpus, tmp_path / "c")
    assert (first.units[0].anchor_phrases_invoked, first.units[0].anchor_phrases_verbatim) == (5, 3)
    assert len(first.flows) == 2
    assert run(corpus, tmp_path / "c") == first
    assert counts == [len(BODIES), 0]
    path, data = unit(1, "new words")
    run(corpus.with_changes({path: data}), tmp_path / "c")
    assert counts == [len(BODIES), 0, 1]


def test_new_phrases_are_searched_and_nothing_is_counted_again(
    corpus: OverlaySnapshot, tmp_path: Path, measured: Iterator[list[int]]
) -> None:
    counts = next(measured)
    run(corpus, tmp_path / "c")
    for phrases, searched in (
        (["generalises", *PHRASES], len(BODIES)),
        (PHRASES[2:], 0),
        ([], 0),
        (PHRASES * 2, len(BODIES)),
        (list(reversed(PHRASES)), 0),
    ):
        counts.clear()
        run(corpus.with_changes({REGISTRY: registry(phrases)}), tmp_path / "c")
        assert counts == [-1] * searched + [0]
    counts.clear()
    run(corpus.with_changes({REGISTRY: None}), tmp_path / "c")
    assert counts == [0]


def test_a_flow_is_known_too(corpus: OverlaySnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(corpus, tmp_path / "c")
    monkeypatch.setattr(known, "measure_flow", lambda data, path: pytest.fail(path))
    assert measure_corpus(corpus, store=Store(tmp_path / "c")) == first


def test_other_code_measures_anew(
    corpus: OverlaySnapshot, tmp_path: Path, measured: Iterator[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = next(measured)
    run(corpus, tmp_path / "c")
    monkeypatch.setattr(known, "code_digest", lambda *_: "other")
    run(corpus, tmp_path / "c")
    assert counts == [len(BODIES)] * 2


def test_a_broken_cache_changes_no_figure(corpus: OverlaySnapshot, tmp_path: Path) -> None:
    run(corpus, tmp_path / "c")
    data = (tmp_path / "c").read_bytes()
    for harmed in (b"", data[:6000], b"x" * 5000, data.replace(b"bridge", b"brudge")):
        (tmp_path / "c").write_bytes(harmed)
        run(corpus, tmp_path / "c")


def test_a_registry_that_is_no_text_is_named(corpus: OverlaySnapshot) -> None:
    with pytest.raises(DataError, match="connections"):
        measure_corpus(corpus.with_changes({REGISTRY: b"\xff"}))


def test_a_tree_is_measured_without_reading_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    for path, data in [
        *(unit(n, body) for n, body in enumerate(BODIES)),
        (REGISTRY, registry(PHRASES)),
        ("flows/f.yaml", FLOW),
    ]:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    monkeypatch.setattr("codex.cache.tree._SETTLED", -1)

    def once() -> ContinuityReport:
        tree = CachedTree(root, Store(tmp_path / "c"))
        return measure_corpus(tree, store=tree.store)

    first = once()
    monkeypatch.setattr("codex.cache.tree._read", lambda path: pytest.fail(f"{path} is read"))
    assert once() == first


EDITS = st.dictionaries(st.integers(0, 3), st.sampled_from([*BODIES, "spin is dual the bridge", None]), max_size=2).map(
    lambda edits: {unit(n, "")[0]: body and unit(n, body)[1] for n, body in edits.items()}
)
PHRASE_LISTS = st.lists(st.sampled_from([*PHRASES, "generalises", "words", "\ud800"]), max_size=5)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("known")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(EDITS, PHRASE_LISTS), min_size=1, max_size=5))
def test_the_cache_never_changes_a_figure(home: Path, history: list[tuple[dict[str, Any], list[str]]]) -> None:
    (home / "c").unlink(missing_ok=True)
    (home / "empty").mkdir(exist_ok=True)
    snapshot: Snapshot = TreeSnapshot(home / "empty").with_changes(dict(unit(n, body) for n, body in enumerate(BODIES)))
    for edits, phrases in history:
        snapshot = snapshot.with_changes({**edits, REGISTRY: registry(phrases)})
        run(snapshot, home / "c")
        run(snapshot, home / "c")
