"""Placeholders: where pictures may be, well formed whatever they are called, light and dark, within their frame."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.check import check_corpus
from codex.integration.integrator import integrate
from codex.integration.steps.figures import figure_path, is_placeholder, named_figures, shows
from codex.integration.steps.placeholder import Figure, _width, from_name, placeholder, untexed
from codex.workspace import Workspace

from .helpers import FOLDER, NOW, git, new_unit, proposal, unit_text

SVG = "{http://www.w3.org/2000/svg}"
UNIT = "content/a/b/00.01.03-unit.md"


def drawn(title: str, caption: str = "", path: str = "x.svg") -> ET.Element:
    return ET.fromstring(placeholder(Figure(path, title, caption)))


def lines(root: ET.Element, kind: str) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text") if each.get("class") == kind]


def test_title_and_caption_are_shown_and_told() -> None:
    root = drawn("Ten dots in five pairs", "Even numbers")
    assert lines(root, "title") == ["Ten dots in five pairs"] and lines(root, "caption") == ["Even numbers"]
    assert root.findtext(f"{SVG}title") == "Ten dots in five pairs" and "Even numbers" in root.findtext(f"{SVG}desc")
    name = root.find(f"{SVG}title").get("id")
    assert root.get("role") == "img" and root.get("aria-labelledby") == f"{name} {name}-d"


def test_it_is_drawn_for_light_and_for_dark_pages() -> None:
    style = drawn("x").findtext(f"{SVG}style")
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for kind in (".page", "path", "text", ".caption", ".note"):
        assert re.search(rf"\{kind} {{" if kind[0] == "." else rf"\b{kind} {{", light)
        assert f"{kind} {{" in dark


def test_a_long_title_is_a_caption_and_the_file_gives_the_title() -> None:
    root = drawn(
        "A curved base surface with one marked point; " * 12, "ignored", "site/public/img/atiyah-placeholder.svg"
    )
    assert lines(root, "title") == ["Atiyah"]
    assert len(lines(root, "caption")) == 4 and lines(root, "caption")[-1].endswith("…")


@given(st.text(max_size=700), st.text(max_size=700))
def test_every_line_fits_into_the_frame(title: str, caption: str) -> None:
    figure = named_figures(f"![{title.replace(']', '').replace(chr(10), ' ')}](x.svg)", UNIT, caption)
    for each in figure:
        root = ET.fromstring(placeholder(each))
        assert all(_width(line) <= 46 for line in lines(root, "title")) and len(lines(root, "title")) <= 2
        assert all(_width(line) <= 84 for line in lines(root, "caption")) and len(lines(root, "caption")) <= 4
        assert {each.tag for each in root.iter()} <= {f"{SVG}{n}" for n in ("svg", "title", "desc", "style", "rect",
                                                                            "text", "path")}  # fmt: skip
        assert is_placeholder(placeholder(each))


@pytest.mark.parametrize(
    "title", ["]]><script>alert(1)</script>", "&lt;&amp;&#0;", "\"' onload=x", "{curves}{0}", "%s"]
)
def test_markup_in_a_title_is_text(title: str) -> None:
    assert lines(drawn(title), "title") == [title]


def test_formulas_are_readable() -> None:
    assert untexed(r"The cover $\mathrm{Spin}(3) \to \mathrm{SO}(3)$") == "The cover Spin(3) → SO(3)"
    assert untexed(r"$\alpha \otimes \Gamma$, \unknown{x}") == "α ⊗ Γ, unknownx"
    assert untexed("costs 5") == "costs 5" and untexed("\\") == "\\"
    assert from_name("img/principal-bundle_placeholder.svg") == "Principal bundle placeholder"
    assert from_name("img/principal-bundle-placeholder.svg") == "Principal bundle"


def test_two_placeholders_differ_and_one_is_always_the_same() -> None:
    one, other = placeholder(Figure("a.svg", "x", "")), placeholder(Figure("b.svg", "x", ""))
    assert one != other and one == placeholder(Figure("a.svg", "x", ""))


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("x.svg", "content/a/b/x.svg"),
        ("./fig/x.svg", "content/a/b/fig/x.svg"),
        ("/img/x.svg", "site/public/img/x.svg"),
        ("/img/deep/x.svg", "site/public/img/deep/x.svg"),
        ("/img/../x.svg", None),
        ("/img//x.svg", None),
        ("/img", None),
        ("/img/.svg", None),
        ("//img/x.svg", None),
        ("/IMG/x.svg", None),
        ("/manifests/x.svg", None),
        ("/img/x.png", None),
        ("/img/a/b/c.svg", None),
        ("https://h/img/x.svg", None),
    ],
)
def test_where_a_picture_may_be(target: str, path: str | None) -> None:
    assert figure_path(UNIT, target) == path


def test_who_shows_a_picture() -> None:
    figure = "content/a/b/x.svg"
    for text, found in (("![a](x.svg)", True), ('<img src="./x.svg">', True), ("<img src=x.svg>", True),
                        ("![a](/img/x.svg)", False), ("x.svg in words", False), ("![a](y.svg)", False)):  # fmt: skip
        assert shows(text.encode(), UNIT, figure) is found


def test_a_unit_of_the_real_kind_gets_its_picture_where_the_site_serves_it(workspace: Workspace) -> None:
    text = unit_text("00.01.03").replace("/img/pairs.svg", "/img/pairs-of-dots-placeholder.svg")
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03", text=text))], now=NOW)
    path = "site/public/img/pairs-of-dots-placeholder.svg"
    assert f"00.01.03: placeholder drawn: {path}" in result.actions
    assert is_placeholder((workspace.root / path).read_bytes())
    assert (
        check_corpus(workspace.snapshot()).count("failing") == 0 and git(workspace.root, "status", "--porcelain") == ""
    )


def test_a_picture_that_is_there_is_left_alone(workspace: Workspace) -> None:
    for name in ("site/public/img/pairs.svg", f"{FOLDER}/Mine.svg"):
        place = workspace.root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("<svg/>\n")
    git(workspace.root, "add", "-A")
    git(workspace.root, "-c", "user.name=p", "-c", "user.email=p@x", "commit", "-qm", "drawn")
    text = unit_text("00.01.03") + "\n![Mine](mine.svg)\n"
    (result,) = integrate(workspace, [proposal(workspace, new_unit("00.01.03", text=text))], now=NOW)
    assert not any("placeholder" in action for action in result.actions)
    assert Path(workspace.root / "site/public/img/pairs.svg").read_text() == "<svg/>\n"
