"""The table of benchmarks: bars are kept or missed, what cannot be measured is said, and the status tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import __main__ as everything
from bench import adopt, check, corpus, dashboard, integrate
from bench.table import Bar, Row, Skipped, against, finish

SECOND = against("one unit", 1.0, "s", "the floor", 0.5)


@pytest.mark.parametrize(
    ("bar", "met"),
    [
        (None, None),
        (Bar(1.0), True),
        (Bar(0.9), False),
        (Bar(2.0, of="ratio"), True),
        (Bar(1.9, of="ratio"), False),
        (Bar(1.0, least=True), True),
        (Bar(1.1, least=True), False),
    ],
)
def test_a_bar_is_kept_or_missed(bar: Bar | None, met: bool | None) -> None:
    assert against("one unit", 1.0, "s", "the floor", 0.5, bar).met is met


def test_a_bar_on_a_ratio_that_is_not_there_is_missed() -> None:
    assert Row("one unit", 1.0, "s", bar=Bar(2.0, of="ratio")).met is False


def test_the_table_says_all_and_the_status_whether_a_bar_is_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = against("kept", 0.25, "s", "the floor", 0.5, Bar(0.3))
    missed = against("missed", 2, "units/s", "the floor", 4, Bar(3, least=True))
    skipped = Skipped("adopt", "the corpus is not here")
    assert finish([SECOND, kept, skipped], None) == 0
    assert finish([SECOND, kept, missed, skipped], tmp_path / "table.json") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["what", "measured", "against", "what", "ratio", "bar", "met?"]
    assert "every bar is met" in lines and "bars missed: missed" in lines
    assert "skipped: adopt: the corpus is not here" in lines
    shown = next(line for line in lines if line.startswith("missed"))
    assert shown.split() == ["missed", "2", "units/s", "the", "floor", "0.50", "×", "≥", "3", "units/s", "NO"]
    document = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))
    assert [(row["what"], row["met"]) for row in document["rows"]] == [
        ("one unit", None),
        ("kept", True),
        ("missed", False),
    ]
    assert document["rows"][2]["bar"] == {"limit": 3, "of": "measured", "least": True}
    assert document["skipped"] == [{"what": "adopt", "why": "the corpus is not here"}]


@pytest.mark.parametrize("benchmark", [check, dashboard, adopt])
def test_without_the_published_corpus_it_is_said(benchmark, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(corpus, "PUBLISHED", tmp_path / "nothing.tar.zst")
    (skipped,) = benchmark.rows()
    assert isinstance(skipped, Skipped) and "not on this machine" in skipped.why


def test_integrations_are_measured_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(corpus, "PUBLISHED", tmp_path / "nothing.tar.zst")
    for name in ("ROUNDS", "SINGLES", "BATCHES", "COMMANDS"):
        monkeypatch.setattr(integrate, name, 1)
    skipped, *rows = integrate.rows(sizes=(40, 60))
    assert isinstance(skipped, Skipped)
    assert [row.what for row in rows if isinstance(row, Row)] == [
        "one unit, 40 units, warm",
        "one unit, 60 units, warm",
        "one unit, 60 units, wall time",
        "one unit, 60 units, processor",
        "eight units, 60 units",
        "codexctl integrate FILE, 60 units",
    ]
    assert all(isinstance(row, Row) and row.measured > 0 and row.ratio for row in rows)
    assert "work tree and index" in capsys.readouterr().out


def test_every_benchmark_is_in_the_one_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    named = {path.stem for path in Path(everything.__file__).parent.glob("*.py") if "def rows(" in path.read_text()}
    assert named == everything.BENCHMARKS.keys()
    monkeypatch.setattr(everything, "BENCHMARKS", {"one": lambda: [SECOND], "two": lambda: [Skipped("two", "absent")]})
    monkeypatch.setattr("sys.argv", ["bench", "two"])
    assert everything.main() == 0 and "one unit" not in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["bench", "three"])
    with pytest.raises(SystemExit):
        everything.main()
