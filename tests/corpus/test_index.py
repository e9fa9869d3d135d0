"""One view of a corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codex.corpus import deps
from codex.corpus.index import CorpusIndex, Neighbours
from codex.errors import UserError
from codex.snapshot import Snapshot, TreeSnapshot


def snapshot(tmp_path: Path, files: dict[str, str]) -> Snapshot:
    changes: dict[str, bytes | None] = {path: text.encode() for path, text in files.items()}
    return TreeSnapshot(tmp_path).with_changes(changes)


def unit(unit_id: str, folder: str = "content/03-geometry/09-spin") -> dict[str, str]:
    return {f"{folder}/{unit_id}-some-slug.md": f"---\nid: {unit_id}\ntitle: T {unit_id}\n---\n"}


def test_units_are_found_by_the_name_of_their_file(tmp_path: Path) -> None:
    files = unit("03.09.02") | unit("03.09.E1") | {"content/03-geometry/README.md": "x", "docs/03.09.03-x.md": "x"}
    index = CorpusIndex(snapshot(tmp_path, files))
    assert index.path_of("03.09.02") == "content/03-geometry/09-spin/03.09.02-some-slug.md"
    found = index.unit("03.09.02")
    assert found is not None and found.title == "T 03.09.02"
    assert index.unit("03.09.02") is found
    assert index.unit("03.09.03") is None and index.path_of("03.09.03") is None
    assert [each.error is None for each in index.units()] == [True, True, False]
    assert set(index.paths_by_id) == {"03.09.02", "03.09.E1"}


def test_an_empty_corpus_has_empty_files(tmp_path: Path) -> None:
    index = CorpusIndex(snapshot(tmp_path, {}))
    assert index.catalog.entries == ()
    assert index.deps.edges == ()
    assert index.connections.connections == ()
    assert index.proposals == () and index.books == ()
    assert index.next_free_id("03.09") == "03.09.01"
    assert index.neighbours("03.09.01") == Neighbours((), ())


def test_the_next_free_id_passes_over_files_the_graph_and_the_plan(tmp_path: Path) -> None:
    files = unit("03.09.02") | {
        deps.PATH: deps.add_edges(deps.EMPTY, [("03.09.02", "03.09.04")]),
        "manifests/production/plan.json": json.dumps({"units": {"03.09.07": {}, "03.09.E9": {}}}),
    }
    index = CorpusIndex(snapshot(tmp_path, files))
    assert index.next_free_id("03.09") == "03.09.08"
    assert index.neighbours("03.09.02") == Neighbours((), ("03.09.04",))
    broken_plan = files | {"manifests/production/plan.json": "{"}
    assert CorpusIndex(snapshot(tmp_path, broken_plan)).next_free_id("03.09") == "03.09.05"


def test_when_the_highest_id_is_taken_the_lowest_free_one_is_next(tmp_path: Path) -> None:
    index = CorpusIndex(snapshot(tmp_path, unit("03.09.99") | unit("03.09.01")))
    assert index.next_free_id("03.09") == "03.09.02"
    full = {path: text for n in range(1, 100) for path, text in unit(f"03.09.{n:02d}").items()}
    with pytest.raises(UserError, match="no free id left"):
        CorpusIndex(snapshot(tmp_path, full)).next_free_id("03.09")
    with pytest.raises(UserError, match="no chapter prefix"):
        index.next_free_id("03.09.")


@pytest.mark.parametrize(
    ("unit_id", "path"),
    [
        ("03.09.02", "content/03-geometry/09-spin/03.09.02-some-slug.md"),  # there already
        ("03.09.05", "content/03-geometry/09-spin/03.09.05-new.md"),  # most siblings are there
        ("03.09.E3", "content/03-geometry/09-spin/03.09.E3-new.md"),
        ("03.10.01", "content/03-geometry/10-conformal-maps/03.10.01-new.md"),  # a new chapter
        ("05.01.01", "content/05-symplectic-geometry/01-conformal-maps/05.01.01-new.md"),  # a new section
        ("03.essays.01", "content/03-geometry/essays/03.essays.01-new.md"),
    ],
)
def test_where_a_unit_goes(tmp_path: Path, unit_id: str, path: str) -> None:
    files = unit("03.09.02") | unit("03.09.03") | unit("03.09.04", "content/03-other/old")
    index = CorpusIndex(snapshot(tmp_path, files))
    assert index.place(unit_id, "new", "Symplectic Geometry", "Conformal/../maps") == path


def test_without_names_or_siblings_folders_are_still_named(tmp_path: Path) -> None:
    index = CorpusIndex(snapshot(tmp_path, {}))
    assert index.place("05.01.01", "new") == "content/05-section/01-chapter/05.01.01-new.md"


@pytest.mark.parametrize(
    ("unit_id", "slug"), [("../x", "a"), ("03.09.02", "../a"), ("03.09.02", "A"), ("03.09.02", ""), ("x", "a")]
)
def test_a_name_that_is_none_is_refused(tmp_path: Path, unit_id: str, slug: str) -> None:
    with pytest.raises(UserError, match="is no name for a unit"):
        CorpusIndex(snapshot(tmp_path, {})).place(unit_id, slug)


def test_the_published_corpus(fasttrack: Path) -> None:
    index = CorpusIndex(TreeSnapshot(fasttrack))
    assert len(index.unit_paths) == len({p for paths in index.paths_by_id.values() for p in paths}) == 953
    assert index.place("03.09.77", "new") == "content/03-modern-geometry/09-spin-geometry/03.09.77-new.md"
    assert "01.01.03" in index.neighbours("03.09.02").prerequisites
    assert index.next_free_id("03.09") not in index.taken_ids
    assert len(index.books) == 93
