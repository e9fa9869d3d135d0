"""From one JSON value to another in its text: the smallest parts that differ are found and replaced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from codex.corpus.jsonlayout import Growing, Layout, Patch
from codex.corpus.jsonmatch import Change, New, alike, list_steps, object_steps
from codex.corpus.jsonscan import document_span, value_start
from codex.corpus.jsonstyle import comma, detect_style, dump, render


class _Place(NamedTuple):
    """A value in its text: where it stands, and its layout if that is known."""

    start: int
    end: int
    layout: Layout | None


class _Made(NamedTuple):
    """The length of a value's new text, and its layout where that is known."""

    size: int
    layout: Layout | None = None


class Rewriting:
    """A document that is being changed: its text, and what is to be replaced in it, in the order of the text."""

    def __init__(self, text: str) -> None:
        self.text, self.style = text, detect_style(text)
        self.patches: list[Patch] = []

    @property
    def is_ascii(self) -> bool:
        """True when places in the text and in its bytes are the same, before and after."""
        return self.text.isascii() and all(patch.new.isascii() for patch in self.patches)

    def document(self, old: Any, new: Any, layout: Layout | None) -> Layout | None:
        """Make the document say ``new``; gives its new layout where that is known."""
        start, end = document_span(self.text)
        return self._value(_Place(start, end, layout), old, new, "").layout

    def _value(self, place: _Place, old: Any, new: Any, indent: str | None) -> _Made:
        """A value made to say ``new``; ``indent`` is that of its line, None inside a one-line container."""
        if alike(old, new):
            return _Made(place.end - place.start, place.layout)
        if any(isinstance(old, kind) and isinstance(new, kind) for kind in (dict, list)):
            return self._container(place, old, new)
        return self._replaced(place, render(new, self.style, indent))

    def _replaced(self, place: _Place, text: str) -> _Made:
        self.patches.append(Patch(place.start, place.end, text))
        return _Made(len(text))

    def _container(self, place: _Place, old: Any, new: Any) -> _Made:
        layout = place.layout or self._taken_apart(place, old)
        if not layout.keys:
            return self._replaced(place, self._filled(place, new))
        before = len(self.patches)
        steps = object_steps(layout.keys, old, new) if isinstance(old, dict) else list_steps(old, new)
        indent, separator = self._habits(place, layout)
        growing = Growing(layout, place.start, separator, self.patches)
        for step in steps:
            if isinstance(step, range):
                growing.keep(step)
            elif isinstance(step, New):
                growing.add(step.key, self._item(step.key, step.value, indent))
            else:
                self._change(growing, layout, step, indent)
        made = growing.done()
        return _Made(place.end - place.start + sum(map(Patch.growth, self.patches[before:])), made)

    def _taken_apart(self, place: _Place, old: Any) -> Layout:
        """The layout of a container; its keys are those of ``old`` themselves, which are then quickly compared."""
        layout, names = Layout.of(self.text, place.start, place.end), list(old)
        return Layout(layout.sizes, names, layout.inner) if layout.keys == names else layout

    def _change(self, growing: Growing, layout: Layout, step: Change, indent: str | None) -> None:
        """An item made to say something else; a member keeps its key as it is written."""
        start = growing.reach(step.at)
        begin = start if layout.keys[step.at] is None else value_start(self.text, start)
        end = start + layout.sizes[2 * step.at + 1]
        made = self._value(_Place(begin, end, layout.inner[step.at]), step.old, step.new, indent)
        growing.resized(begin - start + made.size, made.layout)

    def _habits(self, place: _Place, layout: Layout) -> tuple[str | None, str]:
        """How the items of a container stand: their indentation (None: on one line), what separates two of them."""
        lead = self.text[place.start + 1 : place.start + layout.sizes[0]]
        indent = lead.rpartition("\n")[2] if "\n" in lead else None
        if len(layout.keys) > 1:
            gap, last, trail = layout.sizes[-3:]
            end = place.end - trail - last
            return indent, self.text[end - gap : end]
        return indent, comma(self.style) if indent is None else "," + lead

    def _item(self, key: str | None, value: Any, indent: str | None) -> str:
        head = "" if key is None else dump(key, self.style) + self.style.key_separator
        return head + render(value, self.style, indent)

    def _filled(self, place: _Place, new: Any) -> str:
        """An empty container with its first items: on lines of their own unless the whole file is one line."""
        opening, closing = self.text[place.start], self.text[place.end - 1]
        members: Iterable[tuple[str | None, Any]] = new.items() if isinstance(new, dict) else ((None, x) for x in new)
        if self.style.indent is None:
            return opening + comma(self.style).join(self._item(key, value, None) for key, value in members) + closing
        outer = self._line_indent(place.start)
        inner = outer + self.style.indent
        items = ("," + self.style.newline + inner).join(self._item(key, value, inner) for key, value in members)
        return opening + self.style.newline + inner + items + self.style.newline + outer + closing

    def _line_indent(self, at: int) -> str:
        """The indentation of the line that a place of the text is on."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return line[: len(line) - len(line.lstrip(" \t"))]
