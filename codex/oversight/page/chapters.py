"""The prerequisite map: chapters in lanes by section, foundations on the left; every unit is a dot.

A chapter stands as far to the right as its units are deep in the graph in the mean (a chapter graph has cycles, the
graph of units need not). Of its edges each chapter shows those to the chapters that it rests on most, so that the map
stays legible for thousands of units; pointing at a chapter shows its own alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from codex.oversight.page.svg import esc, line, number, picture, rect, text
from codex.oversight.sheet import count, plural

#: Edges into a chapter that are drawn: the strongest.
STRONGEST = 2
_CHIP, _GAP, _DOTS, _PITCH = 66.0, 10.0, 10, 5.4
_HEAD, _LANE_GAP, _LABEL, _EDGE = 17.0, 16.0, 118.0, 12.0
_NARROWEST, _WIDEST = 720.0, 1270.0
#: How far to the right of its place a chapter may stand before another row begins.
_SHIFT = 3 * (_CHIP + _GAP)


@dataclass(frozen=True, slots=True)
class Chapter:
    """``id`` as 03.09; ``depth`` the mean depth of its units in the graph."""

    id: str
    shipped: int
    queued: int
    depth: float

    @property
    def units(self) -> int:
        return self.shipped + self.queued

    @property
    def height(self) -> float:
        return _HEAD + math.ceil(self.units / _DOTS) * _PITCH + 5


@dataclass(frozen=True, slots=True)
class _Spot:
    x: float
    y: float


def chapters_of(shipped: Iterable[str], queued: Iterable[str], depth: Mapping[str, int]) -> list[Chapter]:
    """The chapters of these units, by id."""
    done, to_do = Counter(map(_chapter, shipped)), Counter(map(_chapter, queued))
    depths: dict[str, list[int]] = {}
    for unit, deep in depth.items():
        depths.setdefault(_chapter(unit), []).append(deep)
    return [
        Chapter(each, done[each], to_do[each], sum(depths.get(each, [0])) / len(depths.get(each, [0])))
        for each in sorted({*done, *to_do})
    ]


def _chapter(unit: str) -> str:
    return unit.rpartition(".")[0]


def edges_between(pairs: Iterable[tuple[str, str]], chapters: Iterable[Chapter]) -> Counter[tuple[str, str]]:
    """(prerequisite chapter, dependent chapter) → how many edges of units there are between the two."""
    known = {chapter.id for chapter in chapters}
    ends = ((_chapter(before), _chapter(after)) for before, after in pairs)
    return Counter((a, b) for a, b in ends if a != b and a in known and b in known)


def strongest(edges: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    """For each chapter the edges from those that it rests on most."""
    into: dict[str, list[tuple[int, str]]] = {}
    for (before, after), weight in edges.items():
        into.setdefault(after, []).append((-weight, before))
    return [(b, after, -weight) for after, found in sorted(into.items()) for weight, b in sorted(found)[:STRONGEST]]


def chapter_map(chapters: Sequence[Chapter], edges: Mapping[tuple[str, str], int], names: Mapping[str, str]) -> str:
    """The map; ``names``: section (03) → its name. "" without chapters."""
    if not chapters:
        return ""
    lanes: dict[str, list[Chapter]] = {}
    for chapter in chapters:
        lanes.setdefault(chapter.id.partition(".")[0], []).append(chapter)
    wide = min(max(_NARROWEST, _LABEL + max(map(len, lanes.values())) * (_CHIP + _GAP)), _WIDEST)
    spots, tops, high = _placed(lanes, wide)
    by_id = {chapter.id: chapter for chapter in chapters}
    drawn = strongest(edges)
    units = sum(chapter.units for chapter in chapters)
    desc = (
        f"{plural(len(chapters), 'chapter')} in {plural(len(lanes), 'section')} with {plural(units, 'unit')}, "
        f"{count(sum(c.shipped for c in chapters))} of them shipped; {plural(len(drawn), 'edge')} between chapters of "
        f"{count(len(edges))} are drawn."
    )
    parts = [
        *_lane_parts(tops, names, wide),
        *(_edge(spots[a], spots[b], by_id[a], by_id[b], weight) for a, b, weight in drawn),
        *(_chip(chapter, spots[chapter.id], edges) for chapter in chapters),
    ]
    return picture("map", wide, high, "Prerequisites between chapters", desc, parts)


def _placed(lanes: Mapping[str, Sequence[Chapter]], wide: float) -> tuple[dict[str, _Spot], dict[str, float], float]:
    """A spot for each chapter, the top of each lane, and the height of the whole."""
    deepest = max(chapter.depth for lane in lanes.values() for chapter in lane) or 1.0
    room = wide - _LABEL - _CHIP - _EDGE
    spots: dict[str, _Spot] = {}
    tops: dict[str, float] = {}
    top = 6.0
    for section, lane in lanes.items():
        tops[section] = top
        for row in _rows({chapter: _LABEL + chapter.depth / deepest * room for chapter in lane}, wide):
            for chapter, x in row:
                spots[chapter.id] = _Spot(x, top)
            top += max(chapter.height for chapter, _ in row) + _GAP
        top += _LANE_GAP
    return spots, tops, top - _LANE_GAP


def _rows(wishes: Mapping[Chapter, float], wide: float) -> list[list[tuple[Chapter, float]]]:
    """Chapters in rows, each at the place that it wishes for or as little to the right of it as there is room."""
    rows: list[list[tuple[Chapter, float]]] = []
    last = wide - _EDGE - _CHIP + 1
    for chapter in sorted(wishes, key=lambda each: (each.depth, each.id)):
        wanted = wishes[chapter]
        ends = [row[-1][1] + _CHIP + _GAP for row in rows]
        fitting = [n for n, end in enumerate(ends) if end <= min(wanted + _SHIFT, last)]
        if fitting:
            at = min(fitting, key=lambda n: (max(ends[n], wanted), n))
            rows[at].append((chapter, max(ends[at], wanted)))
        else:
            rows.append([(chapter, wanted)])
    return rows


def _lane_parts(tops: Mapping[str, float], names: Mapping[str, str], wide: float) -> Iterator[str]:
    for number_, (section, top) in enumerate(tops.items()):
        if number_:
            yield line(0, top - _LANE_GAP + 3, wide, top - _LANE_GAP + 3, "grid")
        yield text(2, top + 13, section, "section")
        for row, words in enumerate(_wrapped(names.get(section, ""))):
            yield text(2, top + 28 + 13 * row, words, "tick")


def _wrapped(name: str, most: int = 15) -> list[str]:
    """A name on at most three lines."""
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + len(word) >= most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return [each[: most + 3] for each in lines[:3] if each]


def _edge(start: _Spot, end: _Spot, before: Chapter, after: Chapter, weight: int) -> str:
    x1, y1 = start.x + _CHIP, start.y + min(before.height, 40) / 2
    x2, y2 = end.x, end.y + min(after.height, 40) / 2
    bend = max(abs(x2 - x1) / 2, 28)
    d = (
        f"M{number(x1)} {number(y1)}C{number(x1 + bend)} {number(y1)} {number(x2 - bend)} {number(y2)} "
        f"{number(x2)} {number(y2)}"
    )
    width = number(min(0.8 + math.log2(weight) * 0.45, 3.0))
    return f'<path class="edge {_class("f", before.id)} {_class("t", after.id)}" stroke-width="{width}" d="{d}"/>'


def _chip(chapter: Chapter, spot: _Spot, edges: Mapping[tuple[str, str], int]) -> str:
    rests = sum(weight for (_, after), weight in edges.items() if after == chapter.id)
    carries = sum(weight for (before, _), weight in edges.items() if before == chapter.id)
    told = f"{chapter.id}: {chapter.shipped} shipped, {chapter.queued} queued; rests on {rests}, carries {carries}"
    kind = "chip" + (" whole" if not chapter.queued else " open" if not chapter.shipped else "")
    shipped, queued = _dots(chapter, spot)
    return (
        f'<g class="{kind}" id="{_class("c", chapter.id)}"><title>{esc(told)}</title>'
        + rect(spot.x, spot.y, _CHIP, chapter.height, "box", 5)
        + text(spot.x + 6, spot.y + 12, chapter.id, "name")
        + text(spot.x + _CHIP - 6, spot.y + 12, chapter.units, "tick", "end")
        + (f'<path class="dots" d="{shipped}"/>' if shipped else "")
        + (f'<path class="dots queued" d="{queued}"/>' if queued else "")
        + "</g>"
    )


def _dots(chapter: Chapter, spot: _Spot) -> tuple[str, str]:
    """Squares for the units, as one path for the shipped ones and one for those that are queued."""
    drawn = []
    for at in range(chapter.units):
        x = spot.x + 6.5 + (at % _DOTS) * _PITCH
        y = spot.y + _HEAD + (at // _DOTS) * _PITCH
        drawn.append(f"M{number(x)} {number(y)}h3.8v3.8h-3.8z")
    return "".join(drawn[: chapter.shipped]), "".join(drawn[chapter.shipped :])


def _class(letter: str, chapter: str) -> str:
    """A name for CSS; chapters of other ages may be anything."""
    return letter + "".join(c if c.isascii() and c.isalnum() else "-" for c in chapter)


def highlights(chapters: Iterable[Chapter]) -> str:
    """Style rules that show a chapter's own edges while it is pointed at."""
    rules = []
    for chapter in chapters:
        own = f"svg:has(#{_class('c', chapter.id)}:hover)"
        rules.append(f"{own} .{_class('f', chapter.id)},{own} .{_class('t', chapter.id)}{{opacity:1!important}}")
    return "".join(rules)
