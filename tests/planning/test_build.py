"""The plan made of a small workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codex.errors import DataError
from codex.planning.books import slugify
from codex.planning.build import build_plan
from codex.planning.bullets import Mode
from codex.planning.merge import topological_order
from codex.snapshot import TreeSnapshot

_FILES = {
    "plans/fasttrack/a.md": "**Priority 3**\n\n1. **`01.01.02` Maps.** later\n\n2. **`01.01.02` Maps again.** twice\n",
    "plans/fasttrack/b.md": "**Priority 1**\n\n1. **`01.01.02` Other.** sooner\n\n2. **`01.01.01` Sets.** [DEEPEN] x\n",
    "plans/fasttrack/_deepen/c.md": "1. **`01.01.09` Not read.** x\n",
    "content/01/sets.md": '---\nid: 01.01.01\ntitle: "Sets, written"\n---\n\nText.\n',
    "content/01/quoted.md": '---\nid: "01.01.03"\ntitle: Quoted\n---\n\nText.\n',
    "manifests/deps.json": json.dumps(
        {"edges": [{"from": b, "to": a} for b, a in [("01.01.01", "01.01.02"), ("[", "01.01.02"), ("01.01.01", "]")]]}
    ),
    "docs/catalogs/FASTTRACK_BOOKLIST.md": "| 1.01 | Algebra | Lang | x | FREE |\n",
}


def _plan(home: Path, mode: Mode, **changes: str) -> dict[str, Any]:
    for path, text in (_FILES | changes).items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    return build_plan(TreeSnapshot(home), mode)


def test_units_merge_in_order_of_first_appearance(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "compat")
    assert list(plan["units"])[:2] == ["01.01.02", "01.01.01"]
    maps = plan["units"]["01.01.02"]
    assert (maps["title"], maps["priority"], maps["spec_excerpt"]) == ("Maps", "P1", "sooner")
    assert maps["source_audits"] == ["a", "a", "b"]
    assert maps["status"] == "queued"


def test_a_shipped_unit_has_its_own_title_and_is_not_queued(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "compat")
    sets = plan["units"]["01.01.01"]
    assert (sets["status"], sets["title"], sets["actual_path"]) == ("shipped", "Sets, written", "content/01/sets.md")
    assert plan["queue_topo_order"] == ["01.01.02"]


def test_broken_edges_and_quoted_ids_are_kept_by_compat(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "compat")
    assert plan["units"]["01.01.02"]["prereqs"] == ["01.01.01", "["]
    assert plan["units"]["01.01.01"]["successors"] == ["01.01.02", "]"]
    assert plan["units"]['"01.01.03"']["actual_path"] == ""


def test_broken_edges_and_quoted_ids_are_mended_by_extended(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "extended")
    assert plan["units"]["01.01.02"]["prereqs"] == ["01.01.01"]
    assert plan["units"]["01.01.01"]["successors"] == ["01.01.02"]
    assert plan["units"]["01.01.03"]["actual_path"] == "content/01/quoted.md"


def test_books_without_an_audit_are_listed(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "compat")
    assert plan["books_unaudited"] == [{"ft_entry": "1.01", "title": "Algebra", "author": "Lang"}]
    more = _plan(tmp_path, "compat", **{"plans/fasttrack/lang-x.md": "Nothing."})
    assert (more["counts"]["books_unaudited"], more["counts"]["audits_done"]) == (0, 3)


def test_an_empty_workspace_has_an_empty_plan(tmp_path: Path) -> None:
    plan = build_plan(TreeSnapshot(tmp_path))
    assert (plan["units"], plan["queue_topo_order"], set(plan["counts"].values())) == ({}, [], {0})


def test_a_broken_graph_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"deps\.json"):
        _plan(tmp_path, "compat", **{"manifests/deps.json": "[1"})


def test_a_cycle_and_a_long_chain_are_ordered_without_a_crash() -> None:
    chain = {str(n): {"prereqs": [str(n + 1)]} for n in range(5000)} | {"5000": {"prereqs": ["0"]}}
    assert topological_order(chain) == [str(n) for n in range(5000, -1, -1)]


def test_slugs() -> None:
    assert slugify("Lectures on  Riemann_Surfaces (GTM 81)!") == "lectures-on-riemann-surfaces-gtm-81"
