"""References from unit to unit: XR001 XC001 XC002 (level full)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codex.check.answers import Answers
from codex.check.rule import Example, Finding, Place, Rule, fail_at, pass_if, show
from codex.check.rules.values import id_text
from codex.units import Section, Unit
from codex.units.ids import ANY_ID

_REFERENCE = re.compile(rf"\[({ANY_ID.pattern})\](?!\()")
_MENTION = re.compile(rf"\b({ANY_ID.pattern})\b")


def _references(unit: Unit, answers: Answers) -> Finding:
    known: dict[str, bool] = {id_text(unit).strip(): True}
    places = []
    for match in _REFERENCE.finditer(unit.body_masked):
        name = match[1]
        if name not in known:
            known[name] = answers.is_shipped(name) or answers.is_edge_end(name) or answers.is_pending(name)
        if not known[name]:
            places.append(Place(f"[{name}] names no unit", unit.line_at(match.start())))
    return fail_at(places)


XR001 = Rule(
    code="XR001",
    name="every inline cross-reference names a known unit",
    level="full",
    severity="error",
    reads=("body", "ids and statuses of the corpus", "manifests/deps.json"),
    why="A reader follows `[NN.NN.NN]`. Code is left out, and so is an ordinary link `[…](…)`.",
    failing=Example("See [00.01.01] first.", "See [77.01.01] first."),
    passing=Example("See [00.01.01] first.", "See the [first unit][00.01.01] first."),
    hint="Refer only to ids that the task lists (existing, planned or pending units); otherwise name the subject in "
    "words, without an id.",
    constraint="Every `[NN.NN.NN]` in the body is an id listed in the task; a subject without one is named in words.",
    check=_references,
)


def _connections(unit: Unit) -> Section | None:
    """The H2 of the Master tier on connections: the one called so, else the last with the word in its title."""
    found = [b for b in unit.blocks if "connection" in b.heading.title.lower() and "master" in b.heading.tiers]
    called = [block for block in found if block.heading.title.lower().startswith("connections")]
    return next(reversed(called or found), None)


LEAST_CONNECTIONS = 3


def _enough_connections(unit: Unit, answers: Answers) -> Finding | None:
    section = _connections(unit)
    if section is None:
        return None
    named = set(_MENTION.findall(unit.section_text(section))) - {id_text(unit).strip()}
    detail = f"{len(named)} other units named, at least {LEAST_CONNECTIONS} wanted"
    return pass_if(len(named) >= LEAST_CONNECTIONS, detail, unit.line_at(section.heading.start))


XC001 = Rule(
    code="XC001",
    name="Master connections name at least three other units",
    level="full",
    severity="error",
    reads=("Connections section",),
    why="A unit that connects to nothing is an island.",
    failing=Example("[00.01.04]", "that unit"),
    passing=Example("[00.01.04]", "[00.01.E1]"),
    hint="Name at least three different units of the corpus by id in `## Connections [Master]`, one bullet each.",
    constraint="The Connections section names at least three different units by id, one bullet each.",
    check=_enough_connections,
)

#: The nine connection types by the stem that tells them apart, American spelling and inflections included.
_TYPES = re.compile(
    r"generali[sz]|speciali[sz]|\binstance|analog|\bdual|foundation|\b(?:co)?limit|equivalen|recurr|bridging",
    re.IGNORECASE,
)
_ITEM_START = re.compile(r"\n[^\S\n]*\n\s*|\n(?=[^\S\n]*(?:[-*+]|\d+[.)])[^\S\n])")


def _typed_connections(unit: Unit, answers: Answers) -> Finding | None:
    section = _connections(unit)
    if section is None:
        return None
    return fail_at(
        Place(f"{named[1]} without a connection type: {show(text)}", unit.line_at(section.start + offset))
        for offset, text in items_of(unit.section_text(section))
        if (named := _MENTION.search(text)) and not _TYPES.search(text)
    )


def items_of(text: str) -> Iterator[tuple[int, str]]:
    """Bullets and paragraphs with their offsets."""
    position = 0
    for gap in _ITEM_START.finditer(text):
        yield position, text[position : gap.start()]
        position = gap.end()
    yield position, text[position:]


XC002 = Rule(
    code="XC002",
    name="each Master connection carries a connection type",
    level="full",
    severity="warning",
    reads=("Connections section",),
    why="The type says what kind of bridge it is: generalisation, specialisation, analogy, dual, foundation-of, limit, "
    "equivalence, recurrence, bridging-theorem.",
    failing=Example("Foundation-of: [00.01.04]", "See also [00.01.04]"),
    passing=Example("Foundation-of: [00.01.04]", "This generalizes [00.01.04]"),
    hint="Begin each bullet with its type, e.g. `- **foundation-of** [NN.NN.NN]: …`.",
    constraint="Each bullet of the Connections section names its type: generalisation, specialisation, analogy, dual, "
    "foundation-of, limit, equivalence, recurrence or bridging-theorem.",
    check=_typed_connections,
)
