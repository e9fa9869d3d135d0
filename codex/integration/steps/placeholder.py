"""The drawing that stands in for a figure nobody has drawn yet: title, caption, a curve of its own; light and dark."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.sax.saxutils import escape

#: What tells our drawings from others.
_MARK = b'data-codex="placeholder"'

#: Columns and lines that fit.
_TITLE, _TITLE_LINES = 46, 2
_CAPTION, _CAPTION_LINES = 84, 4
_ELLIPSIS = "…"
#: Longer texts are cut before anything is made of them.
_LONGEST = 600

_COMMAND = re.compile(r"\\([A-Za-z]+)\*?[ \t]?|\\(.)")
_SIGNS = {
    "to": "→", "rightarrow": "→", "mapsto": "↦", "times": "×", "otimes": "⊗", "oplus": "⊕", "cdot": "·", "in": "∈",
    "subset": "⊂", "cong": "≅", "simeq": "≃", "leq": "≤", "geq": "≥", "neq": "≠", "infty": "∞", "partial": "∂",
    "nabla": "∇", "int": "∫", "sum": "∑", "wedge": "∧", "ldots": "…", "dots": "…", "pm": "±", "circ": "∘",
}  # fmt: skip
_WITHOUT_SIGN = frozenset(
    {
        "mathrm",
        "mathbf",
        "mathbb",
        "mathcal",
        "mathfrak",
        "operatorname",
        "text",
        "left",
        "right",
        "quad",
        "tilde",
        "hat",
    }
)


@dataclass(frozen=True)
class Figure:
    """A picture that a unit names: path in the workspace, its title (alt text) and its caption."""

    path: str
    title: str
    caption: str


def placeholder(figure: Figure) -> bytes:
    """The SVG. A long title is a description: then the file's name is the title, and the description the caption."""
    title, caption = untexed(figure.title), untexed(figure.caption)
    if _width(title) > _TITLE * _TITLE_LINES:
        title, caption = from_name(figure.path), title
    digest = hashlib.sha256(figure.path.encode()).digest()
    heads, lines = list(_wrapped(title, _TITLE, _TITLE_LINES)), list(_wrapped(caption, _CAPTION, _CAPTION_LINES))
    top = 62 + 28 * (len(heads) - 1)
    bottom = 384 - 19 * (len(lines) - 1)
    return _DRAWING.format(
        name=f"t{digest.hex()[:8]}",
        title=escape(title) or "Figure",
        text=escape(caption),
        heads="".join(_line("title", line, 62 + 28 * row) for row, line in enumerate(heads)),
        lines="".join(_line("caption", line, bottom + 19 * row) for row, line in enumerate(lines)),
        curves=_curves(digest, top + 26, bottom - 34),
    ).encode()


def is_placeholder(data: bytes) -> bool:
    """True for a drawing of ours that nobody has replaced."""
    return _MARK in data[:400]


def from_name(path: str) -> str:
    """What a file's name says: ``principal-bundle-placeholder.svg`` → ``Principal bundle``."""
    stem = PurePosixPath(path).stem.removesuffix("-placeholder")
    return re.sub(r"[-_. ]+", " ", stem).strip().capitalize() or "Figure"


def plain(text: str) -> str:
    """Text fit for XML: one line, no control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[:_LONGEST]).split())


def untexed(text: str) -> str:
    """A text with its formulas as they are read: no dollar signs, braces or commands, Greek letters as letters."""
    if "$" not in text and "\\" not in text:
        return text
    bare = _COMMAND.sub(lambda found: _sign(found[1] or "") if found[1] else found[2], text)
    return " ".join(re.sub(r"[${}]", "", bare).split())


def _sign(command: str) -> str:
    if command in _SIGNS:
        return f" {_SIGNS[command]} "
    if command in _WITHOUT_SIGN:
        return ""
    size = "CAPITAL" if command[0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {size} LETTER {command.upper()}")
    except KeyError:
        return command


def _width(text: str) -> float:
    """Columns: a letter of East Asian width counts two, a capital one and a half, a combining mark none."""
    return sum(map(_columns, text))


def _columns(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1.5 if letter.isupper() else 1


def _wrapped(text: str, columns: int, lines: int) -> Iterator[str]:
    """The first lines of a text; the last one says with an ellipsis that there is more. Long words are broken."""
    made, line = 0, ""
    pieces = [piece for word in text.split(" ") for piece in _pieces(word, columns)]
    for piece in pieces:
        longer = f"{line} {piece}".strip()
        if _width(longer) <= columns:
            line = longer
            continue
        made += 1
        if made == lines:
            yield _cut(line, columns)
            return
        yield line
        line = piece
    if line:
        yield line


def _pieces(word: str, columns: int) -> Iterator[str]:
    """A word in pieces that fit on a line each."""
    piece = ""
    for letter in word:
        if _width(piece + letter) > columns:
            yield piece
            piece = ""
        piece += letter
    yield piece


def _cut(line: str, columns: int) -> str:
    while _width(line) + 2 > columns and line:
        line = line[:-1]
    return f"{line.rstrip(' ,;:.')} {_ELLIPSIS}"


def _line(kind: str, text: str, y: int) -> str:
    return f'\n  <text class="{kind}" x="320" y="{y}">{escape(text)}</text>'


def _curves(digest: bytes, top: int, bottom: int) -> str:
    """Three nested closed curves in the free room, told apart from other placeholders at a glance."""
    middle, half = (top + bottom) / 2, (bottom - top) / 2
    return "".join(
        f'\n  <path class="{kind}" d="{_path(digest, middle, half * scale, min(half * 2.2, 230) * scale)}"/>'
        for kind, scale in (("far", 1.0), ("near", 0.76), ("curve", 0.5))
    )


def _path(digest: bytes, middle: float, high: float, wide: float) -> str:
    """An epicycle: a circle on which a smaller one turns, so that it has from three to seven lobes."""
    lobes, depth, turn = 3 + digest[0] % 5, 0.16 + digest[1] / 255 * 0.22, digest[2] / 255 * math.tau
    steps = 180
    points = []
    for step in range(steps):
        t = math.tau * step / steps
        x = math.cos(t) + depth * math.cos(lobes * t + turn)
        y = math.sin(t) - depth * math.sin(lobes * t + turn)
        points.append(f"{320 + wide * x / (1 + depth):.1f} {middle + high * y / (1 + depth):.1f}")
    return "M" + "L".join(points) + "Z"


_DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 410" role="img" aria-labelledby="{name} {name}-d"
     data-codex="placeholder">
  <title id="{name}">{title}</title>
  <desc id="{name}-d">A figure that is still to be drawn. {text}</desc>
  <style>
    .page {{ fill: #fbfaf7; stroke: #d5d0c4; }}
    path {{ fill: none; stroke: #3d6b8e; stroke-linejoin: round; }}
    .far {{ opacity: .22; stroke-width: 1.2; }}
    .near {{ opacity: .45; stroke-width: 1.5; }}
    .curve {{ fill: #3d6b8e; fill-opacity: .08; stroke-width: 2; }}
    text {{ font-family: Georgia, "Times New Roman", serif; text-anchor: middle; fill: #2b2a27; }}
    .title {{ font-size: 23px; }}
    .caption {{ font-size: 14px; font-style: italic; fill: #6d685d; }}
    .note {{ font: 10.5px Helvetica, Arial, sans-serif; letter-spacing: .14em; fill: #a39d8f; }}
    @media (prefers-color-scheme: dark) {{
      .page {{ fill: #1d1f21; stroke: #3f4347; }}
      path {{ stroke: #8db6d6; }}
      .curve {{ fill: #8db6d6; }}
      text {{ fill: #e6e3dc; }}
      .caption {{ fill: #a8a398; }}
      .note {{ fill: #6f6c66; }}
    }}
  </style>
  <rect class="page" x="1" y="1" width="638" height="408" rx="10"/>
  <text class="note" x="320" y="28">DRAWING TO COME</text>{heads}{curves}{lines}
</svg>
"""
