"""How large the parts of the project are: ``make sizes`` prints a table, test_sizes.py holds the bounds.

A module's length is its lines, a function's the lines from its ``def`` to its end, docstring and comments included,
decorators not. Methods and functions within functions count as functions.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent.parent
#: The folders that a reader of the program meets, and then the tests.
PROGRAM = ("codex", "tasks", "flows", "deployments", "bench")
EVERYTHING = (*PROGRAM, "tests")

_HEAD = ("package", "modules", "lines", "functions", "median", "longest function", "longest module")


@dataclass(frozen=True, slots=True)
class Function:
    """``where``: path from the root, line and name, as an editor understands it."""

    where: str
    lines: int


@dataclass(frozen=True, slots=True)
class Module:
    """One file; ``path`` from the root."""

    path: str
    lines: int
    functions: tuple[Function, ...]

    @property
    def package(self) -> str:
        """The folder at the top, and for what is below ``codex/`` the folder there."""
        folders = self.path.split("/")[:-1]
        return ".".join(folders[: 2 if folders[0] == "codex" else 1])


def measured(text: str, path: str) -> Module:
    """The sizes of one module; ``path`` names it in what is shown."""
    found = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    functions = (
        Function(f"{path}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in found
    )
    return Module(path, len(text.splitlines()), tuple(functions))


def modules(tops: Sequence[str]) -> list[Module]:
    """Every module of these folders, by package and path."""
    paths = (path for top in tops for path in (ROOT / top).rglob("*.py"))
    found = (measured(path.read_text("utf-8"), path.relative_to(ROOT).as_posix()) for path in paths)
    return sorted(found, key=lambda module: (module.package, module.path))


def median_lines(found: Sequence[Module]) -> float:
    """The median length of their functions; 0 where there is none."""
    lengths = [function.lines for module in found for function in module.functions]
    return median(lengths) if lengths else 0


def _row(name: str, found: Sequence[Module]) -> tuple[str, ...]:
    functions = [function for module in found for function in module.functions]
    longest = max(functions, key=lambda function: function.lines, default=None)
    largest = max(found, key=lambda module: module.lines)
    return (
        name,
        f"{len(found):,}",
        f"{sum(module.lines for module in found):,}",
        f"{len(functions):,}",
        f"{median_lines(found):g}",
        f"{longest.lines} {longest.where.rpartition(' ')[2]}" if longest else "–",
        f"{largest.lines} {largest.path.rpartition('/')[2]}",
    )


def table(found: Sequence[Module]) -> Iterator[str]:
    """The table's lines: a row for each package, and one for all together."""
    packages = groupby(found, key=lambda module: module.package)
    rows = [_HEAD, *(_row(name, list(each)) for name, each in packages), _row("all together", found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *figures in rows:
        numbers = [text.rjust(width) for text, width in zip(figures[:4], widths[1:5], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *numbers, figures[4].ljust(widths[5]), figures[5]]).rstrip()


if __name__ == "__main__":
    sys.stdout.write("\n".join(table(modules(EVERYTHING))) + "\n")
