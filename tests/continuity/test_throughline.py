"""Throughline coverage of teaching flows (unit-rubric, part 3, end)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.continuity.anchors import AnchorPhrases
from codex.continuity.corpus import measure_files
from codex.continuity.throughline import (
    beat_is_hit,
    coverage_average,
    measure_flow,
    stems,
    throughline_failures,
)


def flow(beats: list[dict[str, object]], steps: list[dict[str, object]], flow_id: str = "lines") -> bytes:
    document = {"flow": {"id": flow_id}, "throughline": {"synthesis_beats": beats}, "steps": steps}
    return f"---\n{json.dumps(document)}\n---\n\nProse.\n".encode()


STEPS: list[dict[str, object]] = [
    {"n": 1, "unit": "01.01.03", "bridge_after": "A quadratic form measures lengths of vectors."},
    {"n": 2, "unit": "01.01.15"},
]


@pytest.mark.parametrize(
    ("claim", "hit"),
    [
        ("quadratic forms measure", True),  # stems: quadra, forms ≠ form, measur
        ("A QUADRATIC\n form", True),  # verbatim
        ("lengths alone decide everything here", False),  # 1 of 4
        ("lengths vectors decide everything", True),  # 2 of 4
        ("lengths decide everything", False),  # 1 of 3, needs 2
        ("this that with", False),  # no stem
        ("", False),
        ("$quadratic form$ thing", False),  # formulas do not count
    ],
)
def test_when_a_beat_is_hit(claim: str, hit: bool) -> None:
    assert beat_is_hit(claim, str(STEPS[0]["bridge_after"])) is hit


def test_stems_are_six_letters_without_formulas_and_stop_words() -> None:
    assert stems("The quadratics $matrix$ of $$\nlonger\n$$ ﬁelds, x1234abcd and THERE") == {"quadra", "fields", "abcd"}


def test_coverage_of_a_flow() -> None:
    beats: list[dict[str, object]] = [
        {"after_step": 1, "claim": "quadratic form"},
        {"after_step": "1", "claim": "vectors lengths"},
        {"after_step": 2, "claim": "quadratic form"},  # the step has no bridge
        {"after_step": 7, "claim": "quadratic form"},  # no such step
    ]
    measured = measure_flow(flow(beats, STEPS), "flows/lines.md")
    assert (measured.flow_id, measured.hits, measured.coverage) == ("lines", 2, 0.5)
    assert [beat.hit for beat in measured.beats] == [True, True, False, False]
    assert throughline_failures([measured]) == ["throughline_coverage: 0.50 < 1.0"]


def test_a_flow_without_beats_is_not_averaged() -> None:
    empty = measure_flow(flow([], STEPS), "flows/empty.md")
    full = measure_flow(flow([{"after_step": 1, "claim": "quadratic form"}], STEPS), "flows/full.md")
    assert empty.coverage == 1.0
    assert coverage_average([empty]) is None
    assert coverage_average([empty, full]) == 1.0
    assert throughline_failures([empty]) == []


@pytest.mark.parametrize("text", ["no front matter", "---\n- a\n---\n", "---\n{a: [\n---\n", "---\nx: *y\n---\n"])
def test_a_file_that_is_no_flow_is_a_finding_on_that_file(text: str) -> None:
    broken = measure_flow(text.encode(), "flows/broken.md")
    assert broken.problem
    assert coverage_average([broken]) == 0.0
    report = measure_files({"flows/broken.md": text.encode()}, AnchorPhrases())
    assert report.warnings == [f"flows/broken.md cannot be read as a teaching flow: {broken.problem}."]
    assert "throughline_coverage: 0.00 < 1.0" in report.failures


def test_a_yaml_file_is_a_flow_as_it_stands() -> None:
    body = flow([{"after_step": 1, "claim": "quadratic form"}], STEPS).split(b"---\n")[1]
    report = measure_files({"flows/lines.yaml": body}, AnchorPhrases())
    assert report.aggregate == {"throughline_coverage_avg": 1.0}
    assert report.as_json()["flows"][0]["coverage"] == 1.0


def test_deep_nesting_and_aliases_are_survived() -> None:
    assert measure_flow(b"[" * 60_000, "flows/deep.yaml").problem
    bomb = b"a: &a [x, x]\n" + b"".join(b"b%d: &b%d [*a, *a]\n" % (n, n) for n in range(5)) + b"steps: *b1\n"
    assert measure_flow(bomb, "flows/bomb.yaml").beats == ()


@given(st.binary(max_size=200), st.sampled_from(["flows/x.md", "flows/x.yaml"]))
def test_measuring_a_flow_never_raises(data: bytes, path: str) -> None:
    assert 0 <= measure_flow(data, path).coverage <= 1


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda c: st.lists(c, max_size=3), max_leaves=5
)


@given(YAML_VALUES, YAML_VALUES, YAML_VALUES, YAML_VALUES)
def test_any_shape_of_a_flow_is_measured(beats: object, claim: object, steps: object, number: object) -> None:
    document = {
        "flow": steps,
        "throughline": {"synthesis_beats": [beats, {"after_step": number, "claim": claim}]},
        "steps": [steps, {"n": number, "bridge_after": claim}],
    }
    measured = measure_flow(json.dumps(document).encode(), "flows/x.yaml")
    assert len(measured.beats) == 1
