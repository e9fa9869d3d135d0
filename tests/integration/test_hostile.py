"""Hostile proposals: each is refused with its reason, and nothing is written outside its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codex.integration.hostile import MAX_BYTES, hostile
from codex.integration.integrator import integrate
from codex.integration.proposal import CatalogEntry, EdgeChange, PlanSection, Proposal, Report, UnitChange
from codex.integration.steps.figures import figure_path, named_figures, placeholder
from codex.workspace import Workspace

from .helpers import NOW, git, new_unit, path_of, proposal, unit_text

MARKUP = {
    "<script>alert(1)</script>": "<script>",
    "<SCRIPT\nsrc=x>": "<script>",
    "<iframe/src=x>": "<iframe>",
    "<object data=x>": "<object>",
    "<embed src=x>": "<embed>",
    "<style>*{display:none}</style>": "<style>",
    "```html\n<script>\n```": "<script>",
    '<img src="x" onerror="alert(1)">': "onerror=",
    "<img/onerror=alert(1)>": "onerror=",
    '<img alt="a"onload =x>': "onload=",
    '<a"=1 b=">" onclick=x>': "onclick=",
    "<svg\fonload=x>": "onload=",
    "[x](javascript:alert(1))": "javascript:",
    "[x]( JaVaScRiPt:alert(1))": "javascript:",
    "[x](java&#115;cript:alert(1))": "javascript:",
    "[x](java\tscript:alert(1))": "javascript:",
    "[x](javascript\\:alert(1))": "javascript:",
    "[x]: <javascript:alert(1)>": "javascript:",
    "<javascript:alert(1)>": "javascript:",
    '<a href = "javascript:alert(1)">': "javascript:",
    "<a href=vbscript:x>": "vbscript:",
    "![x](data:text/html;base64,AA)": "data:",
    "a NUL \0 here": "NUL",
    "x" * (MAX_BYTES + 1): "larger than 2 MB",
}

HARMLESS = (
    "In $a<b$ and $b>c$, once = twice; JavaScript: the good parts, (javascript: no).",
    '<aside class="exercise"><p>Text</p></aside> <https://example.org> ![a](data:image/png;base64,AA)',
    "The functor acts on = objects, <b>bold</b>, <script-like>, $x <object$.",
)


@pytest.mark.parametrize("text", MARKUP, ids=lambda t: repr(t[:24]))
def test_markup_is_refused(text: str) -> None:
    reason = hostile(f"---\nid: 00.01.03\n---\n\nBefore.\n\n{text}\n")
    assert reason is not None and MARKUP[text] in reason


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_let_through(text: str) -> None:
    assert hostile(f'---\nid: 00.01.03\ntitle: "*Stars* & more"\n---\n\n{text}\n') is None


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("a: !!python/object/apply:os.system [x]", "YAML tag (line 2)"),
        ("a: !custom x", "YAML tag"),
        ("a: &a [x]\nb: [*a, *a]", "anchor or alias (line 2)"),
        ("a: 1\nb: *a", "anchor or alias (line 3)"),
        ("a: " + "x" * 70_000, "characters; at most"),
        ("a: " + "[" * 3_000, "nested too deeply"),
    ],
)
def test_front_matter_is_plain_data(front: str, expected: str) -> None:
    reason = hostile(f"---\n{front}\n---\n\nText.\n")
    assert reason is not None and expected in reason


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert hostile(text) is None or hostile(text).endswith(".")


def test_no_unit_of_a_real_corpus_is_refused(fasttrack: Path) -> None:
    units = sorted((fasttrack / "content").rglob("*.md"))[::9]
    assert [p.name for p in units if hostile(p.read_text(encoding="utf-8", errors="replace"))] == []


def test_a_hostile_unit_is_rejected_alone(workspace: Workspace) -> None:
    bad = new_unit("00.01.03", text=unit_text("00.01.03") + "\n<script>alert(1)</script>\n")
    (result,) = integrate(workspace, [proposal(workspace, bad, new_unit("00.01.04"))], now=NOW)
    assert result.accepted == ("00.01.04",)
    assert (result.rejected[0].reason, "<script>" in result.rejected[0].detail) == ("hostile", True)
    snapshot = workspace.snapshot()
    written = [p for p in snapshot.blobs() if "alert(1)" in snapshot.read(p).decode()]
    assert written == [] and "<script" not in snapshot.text("manifests/integration_report.md")


@pytest.mark.parametrize(
    "given_",
    [
        {"sections": (PlanSection(number=1, markdown="<script>x</script>"),)},
        {"sections": (PlanSection(number=1, markdown="x", front_matter={"a": "<script>"}),)},
        {"notation": "[x](javascript:y)"},
        {"reports": (Report(name="weaving_report", markdown="<iframe>"),)},
        {"catalog": (CatalogEntry(slug="a.b", title="t", notes="<img onerror=x>"),)},
        {"subject": "book:../../etc"},
        {"subject": "book:A"},
        {"subject": "module:x"},
        {"subject": "book:" + "one\n"},
        {"subject": "/etc/passwd"},
        {"subject": "campaign", "notation": "x"},
        {"subject": "unit:00.01.03", "sections": (PlanSection(number=1, markdown="x"),)},
    ],
    ids=repr,
)
def test_hostile_parts_refuse_the_proposal(workspace: Workspace, given_: dict) -> None:
    head = git(workspace.root, "rev-parse", "HEAD")
    (result,) = integrate(workspace, [proposal(workspace, **given_)], now=NOW)
    assert result.status == "refused" and result.reason
    assert git(workspace.root, "rev-parse", "HEAD") == head
    assert git(workspace.root, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "values",
    [
        {"id": "../../etc"}, {"id": "00.01.03/x"}, {"id": "00.01.03\n"}, {"id": "00․01․03"},
        {"slug": "../x"}, {"slug": "a/b"}, {"slug": "/etc"}, {"slug": "a\0"}, {"slug": "A"},
        {"slug": "а-кириллица"}, {"slug": ".git"}, {"slug": "x" * 200}, {"path": "manifests/x"},
    ],
    ids=repr,
)  # fmt: skip
def test_names_that_are_paths_are_no_proposals(values: dict) -> None:
    with pytest.raises(ValidationError):
        UnitChange(**({"action": "new", "id": "00.01.03", "slug": "x", "text": "x"} | values))


@pytest.mark.parametrize("look_alike", ["００.01.03", "00.01.0\u0663"])
def test_digits_of_another_script_are_refused(workspace: Workspace, look_alike: str) -> None:
    try:
        unit = UnitChange(action="new", id=look_alike, slug="x", text=unit_text("00.01.03"))
    except ValidationError:
        return
    for given_ in ({"units": (unit,)}, {"pending": (look_alike,)}):
        (result,) = integrate(workspace, [proposal(workspace, **given_)], now=NOW)
        assert result.status == "refused" and "is no unit id" in result.reason


def test_other_ids_are_patterns_too() -> None:
    with pytest.raises(ValidationError):
        EdgeChange(before="[", after="00.01.03")
    with pytest.raises(ValidationError):
        CatalogEntry(slug="../x", title="x")
    with pytest.raises(ValidationError):
        Report(name="../x", markdown="x")
    with pytest.raises(ValidationError):
        Proposal(subject="campaign", pass_name="p", title="t", base="b", pending=("../x",))


def test_names_that_differ_by_letter_case_alone(workspace: Workspace) -> None:
    place = workspace.root / path_of("00.01.03").replace("unit-00", "Unit-00").replace("00.01.03", "00.01.07")
    place.write_text("x", encoding="utf-8")
    git(workspace.root, "add", "-A")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "odd name")
    unit = new_unit("00.01.07", text=unit_text("00.01.07")).model_copy(update={"slug": "unit-00-01-03"})
    (rejected,) = integrate(workspace, [proposal(workspace, unit)], now=NOW)[0].rejected
    assert rejected.reason == "id-taken"


def test_section_and_chapter_of_a_unit_name_no_foreign_folder(workspace: Workspace) -> None:
    text = (
        unit_text("77.01.01")
        .replace("section: numbers", "section: ../../.git")
        .replace("chapter: integers", "chapter: /x")
    )
    unit = UnitChange(action="new", id="77.01.01", slug="unit-77-01-01", text=text)
    (result,) = integrate(workspace, [proposal(workspace, unit)], now=NOW)
    assert result.accepted == ("77.01.01",)
    assert workspace.snapshot().exists("content/77-git/01-x/77.01.01-unit-77-01-01.md")


@given(st.text(max_size=60))
def test_a_figure_stays_below_its_unit(target: str) -> None:
    path = figure_path("content/a/b/unit.md", target)
    assert path is None or (path.startswith("content/a/b/") and ".." not in path.split("/") and path.endswith(".svg"))


@pytest.mark.parametrize(
    "target",
    ["../x.svg", "/x.svg", "a/../x.svg", "http://h/x.svg", ".git/x.svg", "a//x.svg", "x.SVG", "a/b/c/d.svg", "%2e.svg"],
)
def test_targets_that_get_no_figure(target: str) -> None:
    assert figure_path("content/a/b/unit.md", target) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_placeholder_is_well_formed_whatever_it_is_called(title: str, caption: str) -> None:
    import xml.etree.ElementTree as ElementTree

    alt, quoted = title.replace("]", "").replace("\n", " "), caption.replace('"', "").replace("\n", " ")
    for figure in named_figures(f'![{alt}](x.svg "{quoted}")', "content/a/b/unit.md", "Unit"):
        root = ElementTree.fromstring(placeholder(figure))
        assert root.find("{http://www.w3.org/2000/svg}title").text
        assert root.find(".//{http://www.w3.org/2000/svg}script") is None
