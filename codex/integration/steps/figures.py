"""Placeholder figures: a unit names pictures that nobody has drawn yet.

Only ``.svg`` files in the unit's own folder or folders below it are made, and only from names of plain letters, digits,
dots, hyphens and underscores; any other target is left to the person who wrote it.
"""

from __future__ import annotations

import hashlib
import math
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.sax.saxutils import escape

_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([ \t]*<?([^\s()<>]+)>?(?:[ \t]+\"([^\"\n]*)\")?[ \t]*\)")
_SOURCE = re.compile(r"\bsrc[ \t]*=[ \t]*[\"']?([^\s\"'<>]+)")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
_MAX_PARTS = 3
_MAX_LENGTH = 120

_WIDTH, _HEIGHT = 640, 360
#: What tells our drawings from others.
_MARK = b'data-codex="placeholder"'


@dataclass(frozen=True)
class Figure:
    """A picture that a unit names: path in the workspace, its title (alt text) and its caption."""

    path: str
    title: str
    caption: str


def named_figures(text: str, unit_path: str, unit_title: str) -> list[Figure]:
    """The pictures below the unit's own folder that its text names, each once."""
    found: dict[str, Figure] = {}
    for image in _IMAGE.finditer(text):
        path = figure_path(unit_path, image[2])
        if path:
            found.setdefault(path, Figure(path, _plain(image[1]) or _from_name(path), _plain(image[3] or unit_title)))
    return list(found.values())


def shows(data: bytes, unit_path: str, figure: str) -> bool:
    """True when a unit's text names this picture, by Markdown or by HTML."""
    name = figure.rpartition("/")[2]
    if name.encode() not in data:
        return False
    text = data.decode("utf-8", "replace")
    targets = [image[2] for image in _IMAGE.finditer(text)] + _SOURCE.findall(text)
    return any(figure_path(unit_path, target) == figure for target in targets)


def figure_path(unit_path: str, target: str) -> str | None:
    """The workspace path that an image target means; None when no placeholder may be made for it."""
    parts = target.removeprefix("./").split("/")
    safe = all(_PART.fullmatch(part) for part in parts)
    if not safe or len(parts) > _MAX_PARTS or len(target) > _MAX_LENGTH or not parts[-1].endswith(".svg"):
        return None
    return str(PurePosixPath(unit_path).parent.joinpath(*parts))


def placeholder(figure: Figure) -> bytes:
    """The drawing: a frame, a curve of its own for each path, title and caption; light and dark."""
    title = textwrap.wrap(figure.title, 52)[:3]
    caption = textwrap.shorten(figure.caption, 84, placeholder=" …")
    lines = "".join(
        f'<text class="title" x="{_WIDTH // 2}" y="{70 + 30 * row}">{escape(line)}</text>\n  '
        for row, line in enumerate(title)
    )
    return _DRAWING.format(
        width=_WIDTH, height=_HEIGHT, middle=_WIDTH // 2, name=escape(figure.title), title=lines.rstrip(),
        curve=_curve(figure.path), caption=escape(caption), at=_HEIGHT - 28,
    ).encode()  # fmt: skip


def is_placeholder(data: bytes) -> bool:
    """True for a drawing of ours that nobody has replaced."""
    return _MARK in data[:400]


def _curve(seed: str) -> str:
    """A closed curve whose frequencies come from the path, so that two placeholders are told apart at a glance."""
    digest = hashlib.sha256(seed.encode()).digest()
    across, down, phase = 1 + digest[0] % 4, 2 + digest[1] % 4, digest[2] / 255 * math.pi
    points = (
        (320 + 180 * math.sin(across * t + phase), 230 + 62 * math.sin(down * t))
        for t in (2 * math.pi * step / 120 for step in range(120))
    )
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points) + " Z"


def missing(figures: Iterable[Figure], existing: Iterable[str]) -> list[Figure]:
    """The figures that are not there; none whose name differs from an existing file's by letter case alone."""
    there = {path.casefold() for path in existing}
    return [figure for figure in figures if figure.path.casefold() not in there]


def _plain(text: str) -> str:
    """Text fit for XML: one line, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _from_name(path: str) -> str:
    return PurePosixPath(path).stem.replace("-", " ").replace("_", " ").capitalize()


_DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="name"
     data-codex="placeholder">
  <title id="name">{name}</title>
  <style>
    .page {{ fill: #fbfaf7; stroke: #c9c4b8; }}
    .axis {{ stroke: #c9c4b8; stroke-dasharray: 3 5; }}
    .curve {{ fill: none; stroke: #3d6b8e; stroke-width: 2; }}
    text {{ font-family: Georgia, "Times New Roman", serif; text-anchor: middle; fill: #2b2a27; }}
    .title {{ font-size: 22px; }}
    .caption {{ font-size: 14px; font-style: italic; fill: #6d685d; }}
    @media (prefers-color-scheme: dark) {{
      .page {{ fill: #1d1f21; stroke: #4b4f54; }}
      .axis {{ stroke: #4b4f54; }}
      .curve {{ stroke: #8db6d6; }}
      text {{ fill: #e6e3dc; }}
      .caption {{ fill: #a8a398; }}
    }}
  </style>
  <rect class="page" x="1" y="1" width="638" height="358" rx="10"/>
  <line class="axis" x1="110" y1="230" x2="530" y2="230"/>
  <line class="axis" x1="{middle}" y1="160" x2="{middle}" y2="300"/>
  <path class="curve" d="{curve}"/>
  {title}
  <text class="caption" x="{middle}" y="{at}">{caption}</text>
</svg>
"""
