"""Placeholder figures: a unit names pictures that nobody has drawn yet.

Only ``.svg`` files are made: in the unit's own folder or below it, or in the site's picture folder for ``/img/…``; and
only from names of plain letters, digits, dots, hyphens and underscores. Any other target is left to who wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from codex.integration.steps.placeholder import Figure, from_name, is_placeholder, placeholder, plain

__all__ = ["PUBLIC", "Figure", "figure_path", "is_placeholder", "missing", "named_figures", "placeholder", "shows"]

_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([ \t]*<?([^\s()<>]+)>?(?:[ \t]+\"([^\"\n]*)\")?[ \t]*\)")
_SOURCE = re.compile(r"\bsrc[ \t]*=[ \t]*[\"']?([^\s\"'<>]+)")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")
#: Names that no file can have on Windows, whatever comes after the dot.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
_MAX_PARTS = 3
_MAX_LENGTH = 120

#: Where a site has its pictures: what a unit calls ``/img/…`` is the page's, and this folder is what the page serves.
PUBLIC = "site/public"


def named_figures(text: str, unit_path: str, unit_title: str) -> list[Figure]:
    """The pictures that a unit's text names, each once; none outside of the two places where they may be."""
    found: dict[str, Figure] = {}
    for image in _IMAGE.finditer(text):
        path = figure_path(unit_path, image[2])
        if path:
            found.setdefault(path, Figure(path, plain(image[1]) or from_name(path), plain(image[3] or unit_title)))
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
    site = target.startswith("/img/")
    parts = target.removeprefix("/" if site else "./").split("/")
    safe = all(_PART.fullmatch(part) for part in parts)
    safe = safe and not any(_RESERVED.match(part) for part in parts)
    if not safe or len(parts) > _MAX_PARTS or len(target) > _MAX_LENGTH or not parts[-1].endswith(".svg"):
        return None
    home = PurePosixPath(PUBLIC) if site else PurePosixPath(unit_path).parent
    return str(home.joinpath(*parts))


def missing(figures: Iterable[Figure], existing: Iterable[str]) -> list[Figure]:
    """The figures that are not there; none whose name differs from an existing file's by letter case alone."""
    there = {path.casefold() for path in existing}
    return [figure for figure in figures if figure.path.casefold() not in there]
