"""One typed model of a unit, read by rules, metrics, briefs and the integrator alike."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from codex.units.cuts import Cut, fenced_spans, masked, without_code
from codex.units.exercises import Exercise, exercise_blocks, read_exercise
from codex.units.headings import TIERS, Heading, Tier, find_headings


@dataclass(frozen=True, slots=True)
class UnitError:
    """Why a file cannot be read as a unit: code PE001 … PE004 (unit-rubric §1.2), a sentence, a line from 1."""

    code: str
    sentence: str
    line: int = 1


class Section(NamedTuple):
    """A heading and the offsets of its text in the body, up to the next heading of any level (2, 3 or 4)."""

    heading: Heading
    start: int
    end: int


@dataclass(frozen=True)
class Unit:
    """A unit file, parsed once. Build it with ``parse_unit``; with an ``error``, what could not be read is empty.

    ``data`` are the bytes as they are; ``text`` is decoded, line ends made LF; offsets of front matter and body point
    into ``text``, offsets of headings, sections and exercises into ``body``. Lines count from 1 in the file.
    """

    path: str
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    error: UnitError | None
    frontmatter: Mapping[Any, Any] = field(repr=False)
    frontmatter_span: tuple[int, int]
    body_offset: int

    def render(self) -> bytes:
        """The file's bytes, exactly as they were read."""
        return self.data

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return PurePosixPath(self.path).name

    @property
    def frontmatter_text(self) -> str:
        start, end = self.frontmatter_span
        return self.text[start:end]

    @cached_property
    def body(self) -> str:
        return self.text[self.body_offset :]

    @cached_property
    def body_without_code(self) -> Cut:
        """The body without spans between triple backticks."""
        return without_code(self.body)

    @cached_property
    def body_masked(self) -> str:
        """The body with spans between triple backticks blanked out; offsets are those of the body."""
        return masked(self.body, fenced_spans(self.body))

    @property
    def body_line(self) -> int:
        """The line of the file on which the body begins."""
        return self.text.count("\n", 0, self.body_offset) + 1

    def line_at(self, offset: int) -> int:
        """The line of the file that holds this offset of the body."""
        return self.text.count("\n", 0, self.body_offset + offset) + 1

    def line_of_key(self, key: str) -> int:
        """The line of a top-level front-matter key (its last occurrence, which is the one that counts), or 1."""
        start, end = self.frontmatter_span
        at = ("\n" + self.text[start:end]).rfind(f"\n{key}:")
        return 1 if at < 0 else self.text.count("\n", 0, start + at) + 1

    def text_value(self, key: str) -> str:
        """A front-matter value as plain text, stripped; "" when it is missing or null."""
        value = self.frontmatter.get(key)
        return "" if value is None else str(value).strip()

    @property
    def id(self) -> str:
        return self.text_value("id")

    @property
    def title(self) -> str:
        return self.text_value("title")

    @property
    def slug(self) -> str:
        return self.text_value("slug")

    @property
    def status(self) -> str:
        return self.text_value("status")

    @property
    def prerequisites(self) -> tuple[str, ...]:
        """The ids under ``prerequisites`` as text; empty when the value is not a list."""
        value = self.frontmatter.get("prerequisites")
        return tuple(str(entry).strip() for entry in value) if isinstance(value, list) else ()

    @cached_property
    def headings(self) -> tuple[Heading, ...]:
        return find_headings(self.body)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        ends = [heading.start for heading in self.headings[1:]] + [len(self.body)]
        return tuple(Section(h, h.end, max(h.end, end)) for h, end in zip(self.headings, ends, strict=False))

    @cached_property
    def blocks(self) -> tuple[Section, ...]:
        """The H2 sections with all their sub-headings: each ends at the next H2."""
        tops = [heading for heading in self.headings if heading.level == 2]
        ends = [heading.start for heading in tops[1:]] + [len(self.body)]
        return tuple(Section(h, h.end, max(h.end, end)) for h, end in zip(tops, ends, strict=False))

    def section_text(self, section: Section) -> str:
        return self.body[section.start : section.end]

    def block_at(self, offset: int) -> Section | None:
        """The H2 section (with its heading line) that holds this offset of the body."""
        found = bisect_right([block.heading.start for block in self.blocks], offset)
        return self.blocks[found - 1] if found else None

    @cached_property
    def tier_texts(self) -> Mapping[Tier, str]:
        """For each tier the texts of all sections marked with it, joined by a line end; sub-headings do not inherit."""
        return {
            tier: "\n".join(self.section_text(s) for s in self.sections if tier in s.heading.tiers) for tier in TIERS
        }

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        found = []
        for block in exercise_blocks(self.body):
            holder = self.block_at(block.offset)
            tiers = holder.heading.tiers if holder else frozenset()
            lowest = next((tier for tier in TIERS if tier in tiers), None)
            found.append(read_exercise(block, lowest, self.line_at(block.offset)))
        return tuple(found)

    def exercises_in(self, section: Section) -> tuple[Exercise, ...]:
        return tuple(e for e in self.exercises if section.start <= e.offset < section.end)
