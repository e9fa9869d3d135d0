"""Two units, one number; two units, one title."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codex.cli.app import run
from codex.integration.integrator import integrate
from codex.workspace import Workspace

from .helpers import NOW, changed_unit, git, new_unit, proposal, unit_text
from .test_revert import commit, plan, ship


def another(unit_id: str, title: str = "Odd numbers", slug: str = "odd-numbers") -> str:
    text = unit_text(unit_id).replace(f"title: Unit {unit_id}", f"title: {title}")
    return text.replace("slug: unit-", "slug: other-") if not slug else text.replace(
        f"slug: unit-{unit_id.replace('.', '-')}", f"slug: {slug}"
    )  # fmt: skip


def turned_down(workspace: Workspace, *units):
    (result,) = integrate(workspace, [proposal(workspace, *units)], now=NOW)
    (rejected,) = result.rejected
    assert rejected.reason == "id-taken"
    return rejected.detail


@pytest.mark.parametrize(
    ("files", "pending", "free"),
    [
        ({}, (), "00.01.03"),
        ({"manifests/production/plan.json": plan("00.01.03", "00.01.04")}, (), "00.01.05"),
        ({"plans/fasttrack/one.md": "# One\n\n1. **`00.01.07` Later.** [NEW] x\n"}, (), "00.01.08"),
        ({"plans/fasttrack/one.md": "3.00.01.55 and 00.01.551 are none, 00.02.09 is elsewhere\n"}, (), "00.01.03"),
        ({}, ("00.01.05",), "00.01.06"),
        ({"manifests/production/plan.json": "{"}, (), "00.01.03"),
    ],
    ids=["files", "queued", "audited", "no ids", "in flight", "broken plan"],
)
def test_the_next_free_id_passes_over_all_that_is_promised(
    workspace: Workspace, files: dict[str, str], pending: tuple[str, ...], free: str
) -> None:
    if pending:
        ship(workspace, pending=pending)
    commit(workspace, files or {"x": "x"})
    detail = turned_down(workspace, new_unit("00.01.02", text=another("00.01.02")))
    assert "belongs to 'Unit 00.01.02' (content/00-numbers/" in detail and f"the next free id is {free}" in detail


def test_a_full_chapter_is_said(workspace: Workspace) -> None:
    commit(workspace, {"plans/fasttrack/one.md": " ".join(f"`00.01.{n:02d}`" for n in range(1, 100))})
    assert "Chapter 00.01 has no free id left" in turned_down(workspace, new_unit("00.01.02", text=another("00.01.02")))


def test_a_file_by_hand_does_not_replace_another_unit(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Handed in by id it looks like an edit of the unit that has the number."""
    (tmp_path / "new.md").write_text(another("00.01.02"))
    status = run(["integrate", str(tmp_path / "new.md"), "-w", str(workspace.root), "--format", "json"])
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert status == 1 and result["rejected"][0]["reason"] == "id-taken"
    assert "the next free id is 00.01.03" in result["rejected"][0]["detail"]
    assert git(workspace.root, "status", "--porcelain") == ""


@pytest.mark.parametrize("old", ["title: Unit 00.01.02", "slug: unit-00-01-02"])
def test_a_new_title_or_a_new_slug_alone_is_an_edit(workspace: Workspace, old: str) -> None:
    new = old.partition(":")[0] + ": pairs-of-dots"
    change = changed_unit(workspace, "00.01.02", lambda text: text.replace(old, new))
    (result,) = integrate(workspace, [proposal(workspace, change)], now=NOW)
    assert [each.reason for each in result.rejected] in ([], ["checks"])


def test_a_title_that_a_shipped_unit_has_is_a_warning(workspace: Workspace) -> None:
    ship(workspace, new_unit("00.01.05", text=another("00.01.05", "The group of units", "")))
    twin = new_unit("00.01.06", text=another("00.01.06", "Units of the groups", ""))
    (result,) = integrate(workspace, [proposal(workspace, twin)], now=NOW)
    assert result.accepted == ("00.01.06",)
    assert "00.01.06 has the title of 00.01.05: 'Units of the groups' may be written twice." in result.warnings
    assert "has the title of 00.01.05" in workspace.snapshot().text("manifests/integration_report.md")
    ship(workspace, new_unit("00.01.07", text=another("00.01.07", "Units of a ring", "")))
    assert "has the title" not in workspace.snapshot().text("manifests/integration_report.md").split("\n## ")[1]


def test_another_title_than_the_plan_has_is_a_warning(workspace: Workspace) -> None:
    commit(workspace, {"manifests/production/plan.json": plan("00.01.05").replace("Unit 00.01.05", "Prime numbers")})
    strange = new_unit("00.01.05", text=another("00.01.05", "Spin geometry", ""))
    (result,) = integrate(workspace, [proposal(workspace, strange)], now=NOW)
    assert "The plan queues 00.01.05 as 'Prime numbers', and the unit is called 'Spin geometry'." in result.warnings


def test_two_of_one_number_in_one_batch(workspace: Workspace) -> None:
    first, second = new_unit("00.01.05"), new_unit("00.01.05", text=another("00.01.05"))
    (result,) = integrate(workspace, [proposal(workspace, first, second)], now=NOW)
    assert result.status == "refused" and "names a unit twice" in result.reason
