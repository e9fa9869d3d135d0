"""The inventories of a book: what an audit finds, as rows with stable ids, written to §1 of the plan and read back.

Every later pass answers these rows one by one (curriculum.md §1 and §2). The document is the record: what is read back
from it is what counts, so rendering and parsing are one module and tested as a round trip.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from codex.campaign.plantext import sections
from codex.corpus.quoting import plain
from codex.passes.sources import shown_locator
from codex.passes.tables import cell, first_table, render_table

Layer = Literal["theorem", "exercise", "worked_example", "notation", "sequencing", "intuition", "application"]

#: Layer → (letter of its row ids, subsection of §1, heading). Intuition has a row for every line of the contents.
LAYERS: dict[Layer, tuple[str, str, str]] = {
    "theorem": ("T", "1.2", "Theorem inventory"),
    "exercise": ("E", "1.3", "Exercise inventory"),
    "worked_example": ("X", "1.4", "Worked examples"),
    "notation": ("N", "1.5", "Notation"),
    "sequencing": ("S", "1.6", "Sequencing graph"),
    "intuition": ("I", "1.1", "Contents"),
    "application": ("A", "1.8", "Applications"),
}
COLUMNS = ("id", "place", "label", "statement", "sources")


def one_line(value: Any) -> Any:
    """Text with its white space folded; anything else as it is."""
    return " ".join(value.split()) if isinstance(value, str) else value


#: What an exercise is for (curriculum.md §1): the labels of the exercise inventory.
ROLES = ("load-bearing", "applied", "extension")

RowId = Annotated[str, StringConstraints(pattern=r"^[TEXNSA][0-9]{1,3}$")]
#: Text that is kept on one line: line ends and other white space become blanks.
OneLine = Annotated[str, BeforeValidator(one_line), StringConstraints(min_length=1, max_length=600)]


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Item(_Reply):
    """One row of an inventory. What ``label`` holds depends on the inventory; see the descriptions in AuditReply."""

    id: RowId
    place: OneLine = Field(description="the `ref` of the line of the contents that it stands in, e.g. '§2'")
    label: OneLine
    statement: OneLine = Field(description="what it says, self-contained, LaTeX allowed, one line")
    sources: list[int] = Field(min_length=1, description="numbers of the sources it is taken from")


class ContentsLine(_Reply):
    ref: OneLine = Field(description="short unique reference, e.g. '§1'")
    title: OneLine
    summary: OneLine


class Source(_Reply):
    """A public source. Its locator is checked for form and check digit."""

    number: int = Field(ge=1)
    title: OneLine
    kind: Literal["url", "doi", "isbn"]
    locator: OneLine


class NoneStated(_Reply):
    """An inventory that is empty because the book has none of it, with the source that shows it."""

    inventory: Literal["theorem", "exercise", "worked_example", "notation", "sequencing", "application"]
    reason: OneLine
    sources: list[int] = Field(min_length=1)


class AuditReply(_Reply):
    """The audit of a book, or of the stated part of it."""

    contents: list[ContentsLine] = Field(min_length=1, description="every section in scope, in order")
    theorems: list[Item] = Field(
        description="ids T1…; label: kind, number and name ('Theorem 2.9 (…)'); definitions too"
    )
    exercises: list[Item] = Field(description="ids E1…; label: load-bearing, applied or extension")
    examples: list[Item] = Field(description="ids X1…; label: a short name")
    notation: list[Item] = Field(description="ids N1…; label: the symbol as the book writes it")
    sequencing: list[Item] = Field(
        description="ids S1…; place: the section that uses; label: the `ref` of the one used"
    )
    applications: list[Item] = Field(description="ids A1…; label: the field it applies to")
    perspective: str = Field(min_length=200, description="§1.7: the author's distinctive perspective and voice")
    none_stated: list[NoneStated] = Field(default_factory=list)
    sources: list[Source] = Field(min_length=1)

    def items(self) -> dict[Layer, list[Item]]:
        """The inventories by layer, in the order of LAYERS; intuition is derived from the contents."""
        return {
            "theorem": self.theorems,
            "exercise": self.exercises,
            "worked_example": self.examples,
            "notation": self.notation,
            "sequencing": self.sequencing,
            "application": self.applications,
        }


@dataclass(frozen=True)
class Row:
    """A row as later passes see it."""

    id: str
    layer: Layer
    place: str
    label: str
    statement: str


@dataclass(frozen=True)
class Inventory:
    """All rows by id in document order, the contents' references, and which layers the book has nothing for."""

    rows: Mapping[str, Row]
    contents: tuple[str, ...]
    not_applicable: Mapping[Layer, str]
    voice: str

    def of(self, layer: Layer) -> list[Row]:
        return [row for row in self.rows.values() if row.layer == layer]


def render_section(reply: AuditReply) -> str:
    """§1 of the plan document, without its own heading line."""
    contents = [(f"I{i}", line.ref, line.title, line.summary) for i, line in enumerate(reply.contents, 1)]
    parts = ["### 1.1 Contents\n\n" + render_table(("id", "place", "label", "statement"), contents)]
    stated: dict[Layer, NoneStated] = {none.inventory: none for none in reply.none_stated}
    for layer, items in reply.items().items():
        _, number, title = LAYERS[layer]
        if layer == "application":
            parts.append(f"### 1.7 Perspective and voice\n\n{plain(reply.perspective)}\n")
        if items:
            rows = [(i.id, i.place, i.label, i.statement, ", ".join(map(str, i.sources))) for i in items]
            body = render_table(COLUMNS, rows)
        else:
            none = stated.get(layer)
            body = f"None: {cell(none.reason)} [{', '.join(map(str, none.sources))}]\n" if none else ""
        parts.append(f"### {number} {title}\n\n{body}")
    sources = [(s.number, s.title, s.kind, shown_locator(s.kind, s.locator)) for s in reply.sources]
    parts.append("### Sources\n\n" + render_table(("number", "title", "kind", "locator"), sources))
    return "\n".join(parts)


def parse_section(markdown: str) -> Inventory:
    """Read §1 back. A subsection that is missing or empty simply has no rows."""
    parts = sections(markdown)
    rows: dict[str, Row] = {}
    absent: dict[Layer, str] = {}
    for layer, (_, number, _) in LAYERS.items():
        text = parts.get(number, "")
        for found in first_table(text, having=("id", "place", "label", "statement")):
            rows[found["id"]] = Row(found["id"], layer, found["place"], found["label"], found["statement"])
        none = re.search(r"^None: (.+)$", text, re.MULTILINE)
        if none and not any(row.layer == layer for row in rows.values()):
            absent[layer] = none[1]
    contents = tuple(row.place for row in rows.values() if row.layer == "intuition")
    return Inventory(rows, contents, absent, parts.get("1.7", "").strip())
