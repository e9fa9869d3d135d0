"""Hostile proposals: each is refused with its reason, and nothing is written outside its place."""

from __future__ import annotations

import time
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
    "$\\href{javascript:alert(1)}{x}$": "javascript:",
    "\\url{ javascript:alert(1)}": "javascript:",
    '<p style="background: url(javascript:x)">': "javascript:",
    "shown \u202egnp.exe\u202c otherwise": "U+202E",
    "an isolate \u2066 here": "U+2066",
    "\x1b]0;a terminal's title\x07": "U+001B",
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
        ("<<: *a", "anchor or alias (line 2)"),
        ("? !!python/name:os.system x", "YAML tag (line 2)"),
        ("a: !<tag:yaml.org,2002:python/object/apply:os.system> [x]", "YAML tag (line 2)"),
        (
            "a: &a [x,x,x,x,x]\n" + "\n".join(f"b{i}: &b{i} [*a,*a,*a,*a]" for i in range(40)),
            "anchor or alias (line 2)",
        ),
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
        {"subject": "book:con", "notation": "x"},
        {"subject": "book:.git", "notation": "x"},
        {"subject": "unit:00.01.03/../../x"},
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
        {"id": "00.01.03\0"}, {"id": "/00.01.03"}, {"id": ".git/config"}, {"id": "manifests/x"}, {"id": "OO.01.03"},
        {"id": "00.01.03\u200b"}, {"slug": ".codex"}, {"slug": "con."}, {"slug": "a\\b"}, {"slug": "x\u200by"},
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
    [
        "con.svg",
        "AUX.svg",
        "nul.x.svg",
        "com1/x.svg",
        "x.svg/../../y.svg",
        "x\0.svg",
        "..",
        ".svg",
        "x.svg#a",
        "../x.svg",
        "/x.svg",
        "a/../x.svg",
        "http://h/x.svg",
        ".git/x.svg",
        "a//x.svg",
        "x.SVG",
        "a/b/c/d.svg",
        "%2e.svg",
    ],
)
def test_targets_that_get_no_figure(target: str) -> None:
    assert figure_path("content/a/b/unit.md", target) is None


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_placeholder_is_well_formed_whatever_it_is_called(title: str, caption: str) -> None:
    from xml.etree import ElementTree as ET

    alt, quoted = title.replace("]", "").replace("\n", " "), caption.replace('"', "").replace("\n", " ")
    for figure in named_figures(f'![{alt}](x.svg "{quoted}")', "content/a/b/unit.md", "Unit"):
        root = ET.fromstring(placeholder(figure))
        assert root.find("{http://www.w3.org/2000/svg}title").text
        assert root.find(".//{http://www.w3.org/2000/svg}script") is None


@pytest.mark.parametrize("megabytes", [5, pytest.param(50, marks=pytest.mark.soak)])
def test_a_huge_unit_is_turned_down_and_kept_nowhere(workspace: Workspace, megabytes: int) -> None:
    big = new_unit("00.01.03", text=unit_text("00.01.03") + "word " * 200_000 * megabytes)
    begun = time.monotonic()
    (result,) = integrate(workspace, [proposal(workspace, big)], now=NOW)
    assert time.monotonic() - begun < 30
    assert (result.rejected[0].reason, result.rejected[0].detail) == ("hostile", "The text is larger than 2 MB.")
    sizes = [len(workspace.snapshot().read(path)) for path in workspace.snapshot().blobs()]
    assert max(sizes) < 1_000_000 and sum(f.stat().st_size for f in workspace.state_dir.rglob("*.json")) < 1_000_000


BOMBS = {
    "aliases": "a: &a [x,x]\n" + "".join(f"b{n}: &b{n} [*a,*a,*a,*a,*a,*a]\n" for n in range(30)),
    "tags": "title: !!python/object/apply:os.system [touch /tmp/pwned]\n",
    "depth": "notes: " + "[" * 2_500 + "]" * 2_500 + "\n",
    "size": "notes: " + "x" * 70_000 + "\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_front_matter_that_bursts_is_turned_down_quickly(workspace: Workspace, bomb: str) -> None:
    begun = time.monotonic()
    unit = new_unit("00.01.03", text=unit_text("00.01.03", extra=BOMBS[bomb]))
    (result,) = integrate(workspace, [proposal(workspace, unit)], now=NOW)
    assert result.rejected[0].reason == "hostile" and time.monotonic() - begun < 10
    assert not Path("/tmp/pwned").exists() and not workspace.snapshot().exists(path_of("00.01.03"))


def test_what_is_not_yaml_at_all_is_a_defect_with_its_line(workspace: Workspace) -> None:
    unit = new_unit("00.01.03", text=unit_text("00.01.03", extra="%TAG ! x\na: [\n"))
    (result,) = integrate(workspace, [proposal(workspace, unit, new_unit("00.01.04"))], now=NOW)
    assert result.accepted == ("00.01.04",)
    assert result.rejected[0].reason == "checks" and "line" in result.rejected[0].defects[0]["where"]


def test_a_link_in_the_place_of_a_chapter_is_named(workspace: Workspace, tmp_path: Path) -> None:
    """A tree whose chapter leads elsewhere, or into .git: nothing is written through it."""
    for number, target in (("02", str(tmp_path)), ("03", "../../.git"), ("04", "../../manifests")):
        (workspace.root / f"content/00-numbers/{number}-elsewhere").symlink_to(target)
    git(workspace.root, "add", "-A")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "links")
    before = sorted(path.name for path in tmp_path.iterdir())
    for number in ("02", "03", "04"):
        text = unit_text(f"00.{number}.01").replace("chapter: integers", "chapter: elsewhere")
        (result,) = integrate(workspace, [proposal(workspace, new_unit(f"00.{number}.01", text=text))], now=NOW)
        assert result.status == "refused" and "symbolic link" in result.reason, result
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert git(workspace.root, "status", "--porcelain") == ""


def test_every_rejection_and_its_reason_is_in_the_report(workspace: Workspace) -> None:
    bad = [
        new_unit("00.01.03", text=unit_text("00.01.03") + "\n<script>alert(1)</script>\n"),
        new_unit("00.01.04", text=unit_text("00.01.04").replace("**Proof.** Write", "Clearly")),
        new_unit("00.01.01", text=unit_text("00.01.01").replace("Ten dots", "Twelve dots")),
    ]
    (result,) = integrate(workspace, [proposal(workspace, *bad)], now=NOW)
    report = workspace.snapshot().text("manifests/integration_report.md")
    assert {each.reason for each in result.rejected} == {"hostile", "checks", "id-taken"}
    for each in result.rejected:
        assert f"- rejected `{each.id}` ({each.reason}): " in report
    assert "PH001 line" in report and "the next free id is 00.01.03" in report
