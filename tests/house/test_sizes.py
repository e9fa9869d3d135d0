"""The bounds on sizes: small functions, modules that one can read in a sitting."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from .sizes import EVERYTHING, PROGRAM, Function, Module, measured, median_lines, modules, table

MEDIAN, FUNCTION, MODULE = 12, 60, 500

#: Functions that may be longer, as ``<path> <name>``, each with the reason. None is.
LONGER: Mapping[str, str] = {}

SAMPLE = '''
@decorated(
    "of no weight",
)
def outer():
    """One sentence."""

    async def inner():
        return 1

    return inner


class Thing:
    def method(self): ...
'''


@pytest.fixture(scope="module")
def every() -> list[Module]:
    return modules(EVERYTHING)


def test_what_is_counted() -> None:
    found = measured(SAMPLE, "codex/part/deep/x.py")
    assert (found.path, found.lines, found.package) == ("codex/part/deep/x.py", 15, "codex.part")
    assert set(found.functions) == {
        Function("codex/part/deep/x.py:5 outer", 7),
        Function("codex/part/deep/x.py:8 inner", 2),
        Function("codex/part/deep/x.py:15 method", 1),
    }
    assert median_lines([found]) == 2
    assert measured("", "codex/x.py").package == "codex"
    assert measured("", "bench/generator/x.py").package == "bench"


def test_every_folder_with_code_is_measured(every: list[Module]) -> None:
    assert {module.path.partition("/")[0] for module in every} == set(EVERYTHING)
    assert "tests/house/test_sizes.py" in {module.path for module in every}


@pytest.mark.parametrize("top", PROGRAM)
def test_a_function_is_small_in_the_median(top: str, every: list[Module]) -> None:
    assert 0 < median_lines([module for module in every if module.path.startswith(f"{top}/")]) <= MEDIAN


def test_no_module_is_long(every: list[Module]) -> None:
    assert [f"{module.path}: {module.lines} lines" for module in every if module.lines > MODULE] == []


def test_no_function_is_long_without_a_reason(every: list[Module]) -> None:
    long = {_name(each): each.lines for module in every for each in module.functions if each.lines > FUNCTION}
    assert {name: lines for name, lines in long.items() if name not in LONGER} == {}
    assert set(LONGER) <= set(long), "no longer long: take them out of the table"
    assert all(LONGER.values())


def _name(function: Function) -> str:
    place, _, name = function.where.partition(" ")
    return f"{place.rpartition(':')[0]} {name}"


def test_the_table_has_a_row_for_each_package() -> None:
    found = measured(SAMPLE, "codex/part/x.py"), measured(SAMPLE, "codex/part/y.py"), measured("", "flows/z.py")
    head, part, flows, together = table(found)
    assert head.startswith("package")
    assert part.split() == ["codex.part", "2", "30", "6", "2", "7", "outer", "15", "x.py"]
    assert flows.split() == ["flows", "1", "0", "0", "0", "–", "0", "z.py"]
    assert together.split() == ["all", "together", "3", "30", "6", "2", "7", "outer", "15", "x.py"]
