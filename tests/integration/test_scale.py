"""Integrations into generated corpora: what is kept between them changes nothing in what they do."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.generator import fresh_unit, id_of, make_corpus, write_repository
from codex.campaign.ledger import CAMPAIGN, Ledger
from codex.campaign.projection import render
from codex.campaign.verify import verify
from codex.check import check_corpus
from codex.check.affected import Questions, _near_change, questions_of
from codex.check.corpus import SnapshotAnswers
from codex.check.policy import Policy
from codex.continuity.corpus import measure_corpus
from codex.corpus import catalog, deps
from codex.integration import resident
from codex.integration.integrator import integrate
from codex.integration.opening import open_workspace
from codex.integration.proposal import EdgeChange, Proposal, UnitChange
from codex.integration.steps.continuity import corpus_figures
from codex.integration.steps.draft import Draft
from codex.integration.steps.judge import others_to_judge
from codex.integration.upkeep import is_due, keep_up
from codex.settings import GitSettings
from codex.snapshot import CommitSnapshot, Layered
from codex.workspace import Workspace

from .helpers import NOW, fsck, git

UNITS = 60
BOOK = "book:book-001"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("generated") / "ws"
    write_repository(make_corpus(UNITS, seed=3), root)
    return root


@pytest.fixture
def workspace(generated: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(generated, tmp_path / "ws")
    return open_workspace(tmp_path / "ws")


def new(number: int) -> UnitChange:
    plan, text = fresh_unit(UNITS, number, seed=3)
    return UnitChange(action="new", id=plan.id, slug=plan.slug, text=text)


def proposal(workspace: Workspace, *units: UnitChange, **more: object) -> Proposal:
    base = git(workspace.root, "rev-parse", "HEAD")
    values = {"subject": BOOK, "pass_name": "P4_production", "title": "Units", "base": base, "units": units}
    return Proposal.model_validate(values | more)


def test_the_same_seed_gives_the_same_commit(tmp_path: Path, generated: Path) -> None:
    again = write_repository(make_corpus(UNITS, seed=3), tmp_path / "again")
    other = write_repository(make_corpus(UNITS, seed=4), tmp_path / "other")
    assert again == git(generated, "rev-parse", "HEAD") != other


def test_a_generated_corpus_is_valid(generated: Path) -> None:
    snapshot = open_workspace(generated).snapshot()
    report = check_corpus(snapshot)
    assert [r.path for r in report.results if r.state != "passing"] == [] and report.checks_total == 27 * UNITS
    assert measure_corpus(snapshot).failures == [] and verify(snapshot) == []
    index = deps.parse(snapshot.text(deps.PATH))
    assert not index.pending and set(index.shipped) == {id_of(number) for number in range(UNITS)}


def test_what_is_kept_is_what_reading_again_gives(workspace: Workspace) -> None:
    """After integrations of every kind the resident state equals a state that is read from git for the first time."""
    integrate(workspace, [proposal(workspace, new(0), new(1))], now=NOW)
    there = workspace.snapshot()
    path = next(iter(there.under("content", ".md")))
    text = there.text(path).replace("## Intuition", "## Intuition", 1) + "\nOne more line.\n"
    deepened = UnitChange(
        action="deepen", id=path.rpartition("/")[2][:8], slug="x", text=text, expected_blob=there.blobs()[path]
    )
    integrate(workspace, [proposal(workspace, deepened, new(2))], now=NOW)
    (workspace.root / "hand.md").write_text("mine\n", encoding="utf-8")
    git(workspace.root, "add", "hand.md")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "by hand")
    edge = EdgeChange(before=id_of(0), after="60.09.01")
    integrate(workspace, [proposal(workspace, new(3), pending=("60.09.01",), edges=(edge,))], now=NOW)
    kept = resident.state_at(workspace, "HEAD")
    fresh = CommitSnapshot(workspace.root, "HEAD")
    assert_same(kept, fresh)
    assert git(workspace.root, "status", "--porcelain") == "" and fsck(workspace.root) == ""


def assert_same(kept: CommitSnapshot, fresh: CommitSnapshot) -> None:
    assert list(kept.blobs().items()) == list(fresh.blobs().items())
    assert list(kept.under("content", ".md")) == list(fresh.under("content", ".md"))
    assert all(kept.read(path) == fresh.read(path) for path in fresh.blobs())
    policy = Policy.of("full")
    old, new = questions_of(kept, policy), questions_of(fresh, policy)
    assert {path: set(asked) for path, asked in old.asked.items()} == {p: set(a) for p, a in new.asked.items()}
    assert corpus_figures(kept).rows == corpus_figures(fresh).rows
    assert corpus_figures(kept).means == corpus_figures(fresh).means
    assert SnapshotAnswers(kept).listed_ids() == SnapshotAnswers(fresh).listed_ids()
    assert dict(SnapshotAnswers(kept)._folders) == dict(SnapshotAnswers(fresh)._folders)
    assert render(Ledger.load(kept).document()) == fresh.read(CAMPAIGN)
    known, parsed = deps.parse(kept.text(deps.PATH)), deps.document.parsed(json.loads(fresh.text(deps.PATH)))
    assert known == parsed
    for name in ("open_edges", "ends", "dependants", "prerequisites", "pending_ids"):
        assert getattr(known, name) == getattr(parsed, name)
    text = fresh.text(catalog.PATH)
    assert catalog.parse(text).entries == catalog._parsed(text).entries


LINES = st.lists(st.text("ab", max_size=4), max_size=8).map("\n".join)


def asked_for(texts: list[str]) -> Questions:
    return Questions(
        askers={"catalog_contains": Layered(dict.fromkeys(texts, ()))},
        longest=max(map(len, texts), default=0),
        broken=frozenset(text for text in texts if "\n" in text),
    )


@settings(max_examples=200, deadline=None)
@given(old=LINES, new=LINES, texts=st.lists(st.text("ab\n", min_size=1, max_size=5), max_size=8))
def test_what_a_change_of_the_catalog_can_touch(old: str, new: str, texts: list[str]) -> None:
    """Every text that one version contains and the other does not, wherever and in how many places they differ."""
    differing = {text for text in texts if (text in old) != (text in new)}
    assert differing <= set(_near_change(asked_for(texts), catalog.parse(old), catalog.parse(new)))


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["status", "id", "remove", "edit", "catalog", "pending", "edge", "file"]), st.integers(0, 99)
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_judging_what_is_affected_is_judging_everything(changes: list[tuple[str, int]], generated: Path) -> None:
    """Whatever changes: the units that are left out have the results that they had."""
    left_out_unchanged(changes, generated)


@pytest.mark.soak
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_judging_what_is_affected_is_judging_everything_at_length(
    changes: list[tuple[str, int]], generated: Path
) -> None:
    left_out_unchanged(changes, generated)


def left_out_unchanged(changes: list[tuple[str, int]], generated: Path) -> None:
    policy = Policy.of("full")
    base = CommitSnapshot(generated, "HEAD")
    before, after = Draft(base), Draft(base)
    for kind, number in changes:
        change(after, kind, number)
    judged = others_to_judge(before, after, policy)
    old = {r.path: r for r in check_corpus(before.snapshot(), policy=policy).results}
    new = {r.path: r for r in check_corpus(after.snapshot(), policy=policy).results}
    differing = {path for path in old.keys() & new.keys() if old[path] != new[path]}
    assert differing <= judged
    # and whoever goes on from there knows who asked what
    assert questions_of(after.snapshot(), policy).asked.keys() == new.keys()
    again = others_to_judge(after, before, policy)
    assert differing <= again


def change(draft: Draft, kind: str, number: int) -> None:
    paths = list(draft.snapshot().under("content", ".md"))
    path = paths[number % len(paths)]
    if kind == "status":
        draft.edit(path, lambda text: text.replace("\nstatus: shipped", "\nstatus: review"))
    elif kind == "id":
        draft.edit(path, lambda text: text.replace("\nid: 60.", "\nid: 61."))
    elif kind == "remove" and len(paths) > 2:
        draft.remove(path)
    elif kind == "edit":
        draft.edit(path, lambda text: f"{text}\nSee [60.09.{number:02d}] and [60.01.01].\n")
    elif kind == "catalog":
        draft.edit(catalog.PATH, lambda text: cut(text, number))
    elif kind == "pending":
        draft.edit(deps.PATH, lambda text: deps.add_pending(text, [f"60.09.{number:02d}"]))
    elif kind == "edge":
        draft.edit(deps.PATH, lambda text: deps.add_edges(text, [(id_of(0), f"60.09.{number:02d}")]))
    elif kind == "file":
        draft.put(f"reference/made/{number}.md", b"Draw a folded spiral on paper and walk around it once.\n")


def cut(text: str, number: int) -> str:
    """The catalog without some lines somewhere: concepts may go that somebody needs."""
    lines = text.split("\n")
    at = number * len(lines) // 100
    return "\n".join([*lines[:at], *lines[at + 9 :]])


def test_loose_objects_are_packed_and_nothing_is_lost(workspace: Workspace) -> None:
    settings_ = GitSettings(loose_objects=20)
    objects = workspace.git.objects_dir()
    assert not is_due(objects, settings_)
    for number in range(4):
        integrate(workspace, [proposal(workspace, new(number))], now=NOW)
    lost = git(workspace.root, "hash-object", "-w", "--stdin", input="nobody refers to this\n")
    assert is_due(objects, settings_) and keep_up(workspace.git, settings_)
    assert not is_due(objects, settings_) and fsck(workspace.root) == ""
    assert git(workspace.root, "cat-file", "-t", lost) == "blob"
    assert not keep_up(workspace.git, GitSettings(loose_objects=0, loose_megabytes=0))
    integrate(workspace, [proposal(workspace, new(4))], now=NOW)
    assert len(list((objects / "pack").glob("*.pack"))) <= 3


def test_a_writer_packs_by_itself(workspace: Workspace) -> None:
    (workspace.root / "codex.toml").write_text("[git]\nloose_objects = 20\n", encoding="utf-8")
    workspace = open_workspace(workspace.root)
    for number in range(3):
        integrate(workspace, [proposal(workspace, new(number))], now=NOW)
    assert not is_due(workspace.git.objects_dir(), workspace.settings.git)
    assert fsck(workspace.root) == "" and verify(workspace.snapshot()) == []


def test_a_fresh_unit_has_room_up_to_its_chapters_end() -> None:
    plans = [fresh_unit(80, number)[0] for number in range(118)]
    assert len({plan.id for plan in plans}) == 118 and plans[-1].id == "60.02.99"
    with pytest.raises(ValueError, match="no room"):
        fresh_unit(80, 118)


@pytest.mark.soak
def test_a_thousand_units(tmp_path: Path) -> None:
    rng = random.Random(1)
    write_repository(make_corpus(1_000, seed=5), tmp_path / "ws")
    workspace = open_workspace(tmp_path / "ws")
    number = 0
    for _ in range(12):
        size = rng.randrange(1, 6)
        made = [fresh_unit(1_000, number + each, seed=5) for each in range(size)]
        number += size
        units = [UnitChange(action="new", id=plan.id, slug=plan.slug, text=text) for plan, text in made]
        (result,) = integrate(workspace, [proposal(workspace, *units)], now=NOW)
        assert len(result.accepted) == size
    assert_same(resident.state_at(workspace, "HEAD"), CommitSnapshot(workspace.root, "HEAD"))
    report = check_corpus(workspace.snapshot())
    assert report.checks_total == report.checks_passed == 27 * (1_000 + number)
    assert fsck(workspace.root) == "" and verify(workspace.snapshot()) == []
