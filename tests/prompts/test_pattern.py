"""A pattern says what it is, and what it says is checked when it is loaded."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

import codex.prompts
from codex.errors import DataError
from codex.passes.registry import FASTTRACK as PASSES
from codex.prompts.baselines import PILOT, baselines
from codex.prompts.fitting import Shelf
from codex.prompts.pattern import Pattern, load_pattern, parse_pattern

HEAD = """\
name: sample
pass: P1_audit
version: 2
status: projected
model: a-model
limits: {bytes: 60000}
variables: {title: text, units: shelf}
baseline: {source: projected}
"""
BODY = "# Prefix\nAs ever: {{ thresholds }}\n\n# Prompt\n{{ title }} {{ units }} {{ tools }}\n"


def pattern(head: str = HEAD, body: str = BODY) -> Pattern:
    return parse_pattern(f"---\n{head}---\n{body}", "sample")


def test_a_sound_pattern() -> None:
    found = pattern()
    assert (found.name, found.version, found.head.pass_name) == ("sample", 2, "P1_audit")
    assert (found.limits.bytes, found.limits.max_tokens, found.limits.max_turns) == (60_000, 32_000, 40)
    assert found.prompt.startswith("{{ title }}")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 2", "version: 0", "version"),
        ("status: projected", "status: proven", "proven needs 5 measured runs of this version, there are 0"),
        ("model: a-model\n", "", "the pattern of a pass has a model and limits"),
        ("limits: {bytes: 60000}", "limits: {bytes: 100}", "limits.bytes"),
        ("units: shelf", "units: box", "variables.units"),
        ("baseline: {source: projected}", "baseline: {source: projected, n: 3}", "a projected baseline has no numbers"),
        ("baseline: {source: projected}", "baseline: {source: measured, n: 3}", "a measured baseline has version"),
        ("baseline: {source: projected}", "", "baseline"),
        ("name: sample", "name: sample\nauthor: somebody", "author"),
        ("variables: {title: text,", "variables: {title: text, more: text,", "'more' is declared and not named"),
        ("variables: {title: text,", "variables: {", "'title' is named and not declared"),
    ],
)
def test_front_matter_that_does_not_hold(old: str, new: str, says: str) -> None:
    with pytest.raises(DataError, match="Prompt pattern sample") as caught:
        pattern(HEAD.replace(old, new))
    assert says in str(caught.value)


def test_proven_by_runs_of_its_own_version_alone() -> None:
    runs = "baseline: {source: measured, version: %d, n: 5, input_tokens: 1, output_tokens: 1, turns: 1}"
    proven = HEAD.replace("status: projected", "status: proven").replace("baseline: {source: projected}", runs)
    assert pattern(proven % 2).head.status == "proven"
    with pytest.raises(DataError, match="there are 0"):
        pattern(proven % 1)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("# Prompt\n{{ title }}", "lacks '# Prefix' or '# Prompt'"),
        (BODY.replace("{{ thresholds }}", "{{ title }}"), "its prefix names 'title', which varies"),
        (BODY.replace("{{ title }}", "{{ title"), "Prompt pattern sample: "),
    ],
)
def test_a_body_that_does_not_hold(body: str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        pattern(body=body)
    assert says in str(caught.value)


def test_what_a_pass_gives_has_to_be_what_is_declared() -> None:
    units = Shelf("units", (), 1)
    assert pattern().problems({"title": "x", "units": units}) == []
    assert pattern().problems({"units": units}) == ["'title' is undefined"]
    assert pattern().problems({"title": "x", "units": units, "y": 1}) == ["'y' is not declared"]
    assert pattern().problems({"title": 3, "units": ["u"]}) == [
        "'title' is int, declared as text",
        "'units' is list, declared as shelf",
    ]


@pytest.mark.parametrize("path", sorted(Path(codex.prompts.__file__).parent.glob("*.md")), ids=lambda p: p.stem)
def test_every_pattern_that_is_shipped_loads(path: Path) -> None:
    found = load_pattern(path.stem)
    assert found.name == path.stem
    assert found.head.baseline.source == "projected" or found.head.baseline.version


def test_measured_baselines_are_those_of_the_recorded_run() -> None:
    measured = baselines(resources.files("manifests").joinpath(PILOT))
    assert set(measured) == set(PASSES)
    for name, figures in measured.items():
        baseline = load_pattern(PASSES[name].prompt).head.baseline
        assert baseline.source == "measured"
        assert baseline.model_dump(exclude={"source", "version"}) == figures
