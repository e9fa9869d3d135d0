"""What the pages point to is there: pages, pictures, files, tests, settings, options."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from codex.cli.app import COMMANDS, app
from codex.settings import Settings
from tests.docs.pages import PAGES, ROOT, blocks

#: A picture is in the repository's history for ever.
MOST_BYTES = 250_000

#: Pages of the project are checked in full; of the decisions, which are records of their day, only the links.
LINKED = (*PAGES, *sorted((ROOT / "docs" / "decisions").glob("*.md")))

_LINK = re.compile(r"(?<!`)!?\[[^\]`]*\]\(([^)\s]+)\)")
_PLACE = re.compile(
    r"`((?:codex|flows|tasks|deployments|manifests|tests|bench|docs)/[\w./-]+)(?:::(\w+))?`( \(soak\))?"
)
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")

#: Options of other programs that the pages name.
FOREIGN = {"--stat", "--strict"}

#: Folders that a workspace has, too: what is not here is there.
OF_A_WORKSPACE = ("flows/", "manifests/", "docs/")


def ident(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", LINKED, ids=ident)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in _LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("/"):
            continue
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@cache
def anchors(page: Path) -> set[str]:
    """What a heading is called in an address: lower case, blanks as hyphens, no punctuation."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_files_and_tests_that_are_named_exist(page: Path) -> None:
    for path, name, soak in _PLACE.findall(page.read_text(encoding="utf-8")):
        assert (ROOT / path).exists() or path.startswith(OF_A_WORKSPACE), path
        if name:
            marks = functions_of(ROOT / path)
            assert name in marks, f"{path} has no {name}"
            assert marks[name] == bool(soak), f"{path}::{name}: soak or not?"


@cache
def functions_of(path: Path) -> dict[str, bool]:
    """The tests of a file, and whether each runs in `make soak` alone."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            found[node.name] = any(ast.unparse(mark) == "pytest.mark.soak" for mark in node.decorator_list)
    return found


def test_pictures_are_shown_and_small() -> None:
    shown = {Path(target).name for page in PAGES for target in _LINK.findall(page.read_text("utf-8"))}
    for picture in (ROOT / "docs" / "images").glob("*.png"):
        assert picture.name in shown, f"no page shows {picture.name}"
        assert picture.stat().st_size <= MOST_BYTES, picture.name


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_settings_that_are_shown_are_settings(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "toml":
            Settings.model_validate(tomllib.loads(block.text))


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_options_that_are_named_exist(page: Path) -> None:
    text = "\n".join(re.findall(r"`[^`\n]+`", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)))
    unknown = set(_OPTION.findall(text)) - options() - FOREIGN
    assert not {each for each in unknown if f'"{each}"' not in everything()}, unknown


@cache
def options() -> set[str]:
    """Every option of every command."""
    found, todo = set(), [get_command(app)]
    while todo:
        command = todo.pop()
        for parameter in command.params:
            found.update(parameter.opts + parameter.secondary_opts)
        todo += [each for name in getattr(command, "list_commands", lambda _: ())(None)
                 if (each := command.get_command(None, name)) is not None]  # fmt: skip
    assert len(COMMANDS) > 20 < len(found)
    return found


@cache
def everything() -> str:
    """The source of the modules that are run by themselves: their options are no commands' options."""
    files = [*(ROOT / "codex" / "agents").glob("*.py"), *(ROOT / "bench").glob("*.py")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize("page", LINKED, ids=ident)
def test_no_page_knows_a_machine(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.~])/(?:home|root|work|Users|tmp|mnt)/[\w.-]*", text)


def test_the_first_page_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
