"""The page: one file, no request, nothing of what others wrote becomes markup; and a real browser opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codex.campaign.events import Kind
from codex.oversight.history import Point
from codex.oversight.page import chapters, charts, page
from codex.oversight.page.parts import sheet_card
from codex.oversight.page.svg import ticks, time_ticks
from codex.oversight.sheet import Bar, Column, Fact, Line, Sheet
from codex.oversight.view import View
from codex.workspace import Workspace
from tests.oversight.helpers import NOW, cost, event, put
from tests.oversight.test_panels import HOSTILE, audit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: Elements that need no end.
VOID = {"meta", "link", "br", "img", "input"}
ALLOWED = {
    *("html", "head", "meta", "link", "title", "style", "body", "header", "main", "footer", "section", "div", "p"),
    *("h1", "h2", "span", "b", "i", "code", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "figure"),
    *("figcaption", "svg", "desc", "g", "path", "rect", "circle", "text"),
}


class Elements(HTMLParser):
    """Elements, attributes and texts of a page; whether its tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open or tag not in VOID:
            assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def made(workspace: Workspace) -> str:
    return page(View.of_tree(workspace, NOW))


def busy(workspace: Workspace) -> None:
    """Costs, a queue, an escalation, hostile texts wherever others write."""
    audit(workspace, f"1. **`01.01.16` {HOSTILE}.** [NEW] x", "2. **`09.09.01` Far away.** [NEW] x")
    calls = [cost(n, "P4_production", unit=f"u{n}", usd=str(n), at=NOW + timedelta(hours=2 * n)) for n in range(5)]
    put(
        workspace,
        event(Kind.ESCALATED, data={"reason": HOSTILE}),
        event(Kind.REGISTERED, subject="book:odd", data={"title": HOSTILE, "tier": HOSTILE, "status": HOSTILE}),
        costs=(*calls, cost(99, HOSTILE, book=HOSTILE)),
    )


def test_the_page_holds_all_it_needs_and_asks_for_nothing(workspace: Workspace) -> None:
    text = made(workspace)
    found = Elements(text)
    assert set(found.elements) <= ALLOWED
    links = [(tag, name, value) for tag, name, value in found.attributes if name in ("href", "src", "srcset", "action")]
    assert links == [("link", "href", "data:,")]
    assert not [each for each in found.attributes if each[1].startswith("on") or each[1] == "style"]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style
    assert not re.search(r"url\(|@import", style[1])
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(
        value for tag, name, value in found.attributes if (tag, name) == ("meta", "content") and "src" in value
    )
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_texts_of_others_are_shown_and_never_obeyed(workspace: Workspace) -> None:
    plain = Elements(made(workspace)).elements
    busy(workspace)
    text = made(workspace)
    found = Elements(text)
    assert set(found.elements) <= ALLOWED
    assert "<img" not in text and "\x1b" not in text
    assert sum("onerror=alert(1)" in each for each in found.texts) >= 3
    assert found.elements["section"] == plain["section"]


def test_pictures_say_what_they_show(workspace: Workspace) -> None:
    busy(workspace)
    found = Elements(made(workspace))
    ids = Counter(value for _, name, value in found.attributes if name == "id")
    assert set(ids.values()) == {1}
    named = [value.split() for tag, name, value in found.attributes if (tag, name) == ("svg", "aria-labelledby")]
    assert len(named) == 3 + 6 + 1  # burn-downs, metrics, the map
    assert all(each in ids for pair in named for each in pair)
    heads = [value for tag, name, value in found.attributes if (tag, name) == ("th", "scope")]
    assert heads.count("col") and heads.count("row")


@given(st.text())
def test_any_text_anywhere_in_a_panel_is_only_text(text: str) -> None:
    sheet = Sheet(
        text, (Bar(text, 1, 2, text),), (Fact(text, text),), (Column(text), Column("n", right=True)),
        (Line((text, text)),), text, text,
    )  # fmt: skip
    found = Elements(sheet_card(sheet))
    assert found.elements == Elements(sheet_card(Sheet("t", (Bar("b", 1, 2, "b"),), (Fact("f", "f"),),
        (Column("c"), Column("n", right=True)), (Line(("x", "y")),), "e", "n" if text else ""))).elements  # fmt: skip


def test_contrast_of_texts_on_their_grounds() -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1, in both palettes."""
    from codex.oversight.page.style import STYLE

    light, dark = (
        dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})(?=[;}])", block))
        for block in re.findall(r":root\{(.*?)\}", STYLE, re.DOTALL)
    )
    for palette in (light, dark):
        for ink in ("ink", "soft", "good", "warn", "bad"):
            for ground in ("page", "card"):
                assert contrast(palette[ink], palette[ground]) >= 4.5, (ink, ground)
        assert contrast(palette["accent"], palette["card"]) >= 3
        assert contrast(palette["ink"], palette["wash"]) >= 4.5


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# --- charts -----------------------------------------------------------------------------------------------------------


@given(st.floats(0, 1e7))
def test_ticks_are_round_few_and_reach_the_top(top: float) -> None:
    found = ticks(top)
    assert found[0] == 0 and found[-1] >= top * (1 - 1e-9)
    assert 2 <= len(found) <= 6


@given(st.integers(0, 2_000_000_000), st.integers(0, 900_000_000))
def test_time_ticks_are_within_the_axis(start: int, length: int) -> None:
    first, last = (datetime.fromtimestamp(each, UTC) for each in (start, start + length))
    found = time_ticks(first, last)
    assert len(found) <= 5
    assert all(first <= moment <= last + timedelta(seconds=1) and label for moment, label in found)


def test_a_burn_down_says_first_and_last_in_words() -> None:
    points = [Point(NOW + timedelta(days=n), n) for n in range(5)]
    drawn = charts.burn_down("x", "units", points, left=6, done=4, ends=(NOW, NOW + timedelta(days=9)))
    assert "10 units were left; now 6 are" in drawn
    assert drawn.count("<circle") == 1


def test_a_map_of_a_thousand_units_names_every_chapter_and_draws_few_edges() -> None:
    units = [f"{a:02}.{b:02}.{c:02}" for a in range(9) for b in range(12) for c in range(1, 11)]
    depth = {unit: n // 40 for n, unit in enumerate(units)}
    found = chapters.chapters_of(units[:900], units[900:], depth)
    pairs = [(units[n], units[m]) for n in range(0, 1000, 7) for m in range(n + 1, min(n + 60, 1000), 11)]
    edges = chapters.edges_between(pairs, found)
    drawn = chapters.chapter_map(found, edges, {"00": "foundations"})
    assert sum(each.units for each in found) == len(units) == 1080
    assert drawn.count('<g class="chip') == 108
    assert drawn.count('class="edge') <= 2 * 108 < len(edges) * 2
    boxes = [
        tuple(map(float, each))
        for each in re.findall(r'<rect class="box" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn)
    ]
    for n, (x, y, width, height) in enumerate(boxes):
        for a, b, c, d in boxes[n + 1 :]:
            assert x + width <= a or a + c <= x or y + height <= b or b + d <= y, "two chapters overlap"
    wide, high = map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawn)[0])
    assert all(x + width <= wide and y + height <= high for x, y, width, height in boxes)


# --- a browser --------------------------------------------------------------------------------------------------------


def browse(url: str, width: int, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Open a page in headless Chromium without a network."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
        "--proxy-server=127.0.0.1:9", "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},900", "--virtual-time-budget=3000", *arguments, url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done


#: Puts the page into a frame of a given width (a window of Chromium is never narrower than 500) and tells how wide it
#: came out, and which elements stick out of it that do not scroll by themselves.
FRAME = """<!doctype html><title>frame</title><body style="margin:0">
<iframe id="f" src="{file}" width="{width}" height="900" style="border:0"></iframe><pre id="told"></pre><script>
const frame = document.getElementById("f");
frame.onload = () => {{
  const page = frame.contentDocument, out = [];
  for (const each of page.querySelectorAll("body *")) {{
    const right = each.getBoundingClientRect().right;
    if (!each.closest(".scroll") && right > {width} + 1) out.push(each.outerHTML.slice(0, 80));
  }}
  const shown = page.querySelector("h1").textContent;
  const told = {{width: page.documentElement.scrollWidth, out: out.slice(0, 5), title: shown,
                 ground: frame.contentWindow.getComputedStyle(page.body).backgroundColor}};
  document.getElementById("told").textContent = JSON.stringify(told);
}};
</script></body>"""


@pytest.fixture(scope="module")
def busy_page(seed: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    workspace = Workspace.open(shutil.copytree(seed.root, folder / "pilot"))
    busy(workspace)
    file = folder / "dashboard.html"
    file.write_text(made(workspace), encoding="utf-8")
    return file


@pytest.mark.parametrize("width", [390, 1400])
def test_chromium_opens_it_at_every_width_without_a_word_of_complaint(
    busy_page: Path, width: int, tmp_path: Path
) -> None:
    frame = tmp_path / "frame.html"
    frame.write_text(FRAME.format(file=busy_page.as_uri(), width=width), encoding="utf-8")
    done = browse(frame.as_uri(), max(width, 500), tmp_path, "--dump-dom")
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout)
    assert told and told[1], done.stderr[-2000:]
    found = json.loads(told[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert found["title"] == "Fast Track"
    assert found["ground"] in ("rgb(244, 245, 242)", "rgb(15, 20, 22)"), "the policy refuses the page's own style"
    assert (found["width"], found["out"]) == (width, [])
    assert "CONSOLE" not in done.stderr, done.stderr[-2000:]


def test_chromium_draws_it(busy_page: Path, tmp_path: Path) -> None:
    picture = tmp_path / "shown.png"
    done = browse(busy_page.as_uri(), 1400, tmp_path, f"--screenshot={picture}")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 20_000
    assert "CONSOLE" not in done.stderr, done.stderr[-2000:]
