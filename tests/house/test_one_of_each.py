"""What there is one of: a clock, a place that makes tables, a place that prints JSON, a hierarchy of errors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

TOPS = ("codex", "flows", "tasks", "deployments")


def _named(node: ast.expr) -> str:
    """``a.b.c`` as text; "" for what is no name."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{_named(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def _reads_the_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _named(node.func) in {"datetime.now", "datetime.utcnow", "date.today"}


def _makes_a_table(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _named(node.func) == "Table"


def _prints_json(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or _named(node.func) not in {"sys.stdout.write", "typer.echo", "json.dump"}:
        return False
    inner = (each for given in node.args for each in ast.walk(given))
    return _named(node.func) == "json.dump" or any(
        _named(e.func) == "json.dumps" for e in inner if isinstance(e, ast.Call)
    )


def _is_an_error_of_typer(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and "BadParameter" in _named(node.exc.func)


def places(what: Callable[[ast.AST], bool]) -> Iterator[str]:
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            if any(what(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
                yield path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    ("what", "where"),
    [
        (_reads_the_clock, ["codex/campaign/clock.py"]),
        (_makes_a_table, ["codex/oversight/render/pieces.py"]),
        (_prints_json, ["codex/cli/common.py", "codex/prompts/baselines.py"]),  # the latter is a program of its own
        (_is_an_error_of_typer, []),  # a wrong option is a UserError, as every wrong call is
    ],
)
def test_there_is_one(what: Callable[[ast.AST], bool], where: list[str]) -> None:
    assert list(places(what)) == where


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (_reads_the_clock, "x = datetime.now(UTC)"),
        (_makes_a_table, "x = Table(box=None)"),
        (_prints_json, "sys.stdout.write(json.dumps(x) + '.')"),
        (_is_an_error_of_typer, "raise typer.BadParameter('x')"),
    ],
)
def test_one_more_would_be_seen(what: Callable[[ast.AST], bool], text: str) -> None:
    assert any(what(node) for node in ast.walk(ast.parse(text)))
    assert not any(
        what(node) for node in ast.walk(ast.parse("x = clock.now(); y = table(x); typer.echo(y); raise E(x)"))
    )


def test_what_is_looked_through_is_there() -> None:
    assert all(any(Path(ROOT / top).rglob("*.py")) for top in TOPS)
