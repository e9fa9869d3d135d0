"""`make test` runs the tests of a file in one process, so that what they share is made once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import _Together

WORKER = os.environ.get("PYTEST_XDIST_WORKER")


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("tests/units/test_unit.py::test_a", "tests/units/test_unit.py::test_b[x::y@z]", True),
        ("tests/units/test_unit.py::test_a", "tests/units/test_edit.py::test_a", False),
        ("tests/flows/test_book.py::test_a", "tests/deployments/test_api.py::test_a", True),
        ("tests/flows/test_book.py::test_a", "tests/pilot/test_pilot.py::test_a", False),
        ("tests/pilot/test_pilot.py::test_a", "tests/pilot/test_kill.py::test_a", True),
    ],
)
def test_what_goes_to_one_process(one: str, other: str, together: bool) -> None:
    scheduler = _Together.__new__(_Together)
    assert (scheduler._split_scope(one) == scheduler._split_scope(other)) is together


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for all processes of this run, where each that runs a test of this file leaves its name."""
    folder = tmp_path_factory.getbasetemp().parent / "test_parallel"
    folder.mkdir(exist_ok=True)
    (folder / str(WORKER)).touch()
    return folder


@pytest.mark.skipif(WORKER is None, reason="the tests run in one process")
@pytest.mark.parametrize("number", range(12))
def test_this_file_has_one(met: Path, number: int) -> None:
    assert [each.name for each in met.iterdir()] == [WORKER]
