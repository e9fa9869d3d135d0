"""docs/architecture.md is held to the code: its layers are those that import-linter holds, in their order."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def contract(name: str) -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    return next(each for each in settings["contracts"] if each["id"] == name)


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def layers() -> list[str]:
    return [name.strip() for row in contract("layers")["layers"] for name in row.split("|")]


def test_the_page_has_the_layers_that_are_held_in_their_order() -> None:
    assert re.findall(r"^\| `([\w.]+)` \|", section("Layers"), re.MULTILINE) == layers()


def test_everything_in_codex_has_its_layer() -> None:
    there = {p.stem for p in (ROOT / "codex").iterdir() if (p / "__init__.py").exists() or p.suffix == ".py"}
    layered = {name for name in layers() if name.startswith("codex.")}
    assert {f"codex.{name}" for name in there - {"__init__"}} == layered


def test_all_of_codex_but_the_command_line_is_kept_from_prefect() -> None:
    wanted = {name for name in layers() if name.startswith("codex.")} - {"codex.cli"}
    assert set(contract("no-prefect")["source_modules"]) == wanted
    assert {"prefect", "flows", "tasks", "deployments"} <= set(contract("no-prefect")["forbidden_modules"])


def test_no_layer_looks_away() -> None:
    assert not contract("layers").get("ignore_imports")
