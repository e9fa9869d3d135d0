"""connection_proposals.md: connections that wait for a decision (curriculum §3), as Markdown.

Each proposal is an H2 line with its id and a list of ``- **field**: value`` lines. A field is edited on its own line;
everything else in the file, remarks and unknown fields included, stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Literal

from codex.corpus.connections import Connection, Registry
from codex.corpus.jsonfile import insert_in_order
from codex.corpus.markdown import code, line_end_of, one_line
from codex.errors import UserError

PATH = "manifests/connection_proposals.md"
#: The document before the first proposal.
EMPTY = """# Connection proposals

Connections that a unit uses and the registry lacks. `codexctl connections approve ID` takes one into the registry,
`codexctl connections reject ID` keeps it out; nothing else does.
"""

Status = Literal["pending", "approved", "rejected"]

_HEADING = re.compile(r"^## +(conn:[^\s]+)[ \t]*\r?$", re.MULTILINE)
_NEXT = re.compile(r"^#{1,2} ", re.MULTILINE)
_FIELD = re.compile(r"^- \*\*([a-z_]+)\*\*:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_IN_BACKTICKS = re.compile(r"`([^`\n]+)`")
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 80
#: The fields in the order in which they are written (curriculum §3).
_ORDER = (
    *("proposer", "proposed_at", "from", "to", "type", "strength", "anchor_phrase", "synthesis_note"),
    *("appears_in_units", "rationale", "status", "decision_at", "decision_note"),
)
#: Fields whose name in the file is the attribute's and whose value stands as it is.
_PLAIN_FIELDS = (
    *("proposer", "proposed_at", "type", "strength", "anchor_phrase", "synthesis_note", "rationale", "status"),
    *("decision_at", "decision_note"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed connection. ``source`` and ``target`` (fields ``from``, ``to``) are catalog ids; times are ISO UTC.

    ``id`` is empty until ``propose`` has given it a number.
    """

    source: str
    target: str
    type: str
    strength: str
    anchor_phrase: str
    proposer: str = ""
    proposed_at: str = ""
    synthesis_note: str = ""
    units: tuple[str, ...] = ()
    rationale: str = ""
    status: str = "pending"
    decision_at: str = ""
    decision_note: str = ""
    id: str = ""

    @property
    def slug(self) -> str:
        """The part of the id after its number: the last parts of both concepts."""
        words = "-".join(concept.rpartition(".")[2] for concept in (self.source, self.target)).lower()
        return _NO_SLUG.sub("-", words)[:_SLUG_LENGTH].strip("-") or "connection"

    def connection(self) -> Connection:
        """What the registry gets when the proposal is approved."""
        return Connection(
            id=self.id,
            source=self.source,
            target=self.target,
            type=self.type,
            strength=self.strength,
            anchor_phrase=self.anchor_phrase,
            units=self.units,
            synthesis_note=self.synthesis_note,
        )

    def says_the_same_as(self, other: Proposal | Connection) -> bool:
        """The same two concepts (in either order) and the same anchor phrase."""
        same_ends = {self.source, self.target} == {other.source, other.target}
        return same_ends and self.anchor_phrase == other.anchor_phrase


def parse(text: str) -> tuple[Proposal, ...]:
    """The proposals in the order of the file; a field that is missing is empty."""
    return tuple(_proposal(found[1], text[found.start() : _end(text, found)]) for found in _HEADING.finditer(text))


def _end(text: str, heading: re.Match[str]) -> int:
    following = _NEXT.search(text, heading.end())
    return following.start() if following else len(text)


def _proposal(proposal_id: str, block: str) -> Proposal:
    values = {found[1]: found[2] for found in reversed(list(_FIELD.finditer(block)))}
    plain = {name: values.get(name, "") for name in _PLAIN_FIELDS}
    return Proposal(
        **plain | {"status": plain["status"] or "pending"},
        source=values.get("from", "").strip("`"),
        target=values.get("to", "").strip("`"),
        units=tuple(_IN_BACKTICKS.findall(values.get("appears_in_units", ""))),
        id=proposal_id,
    )


def propose(text: str, proposal: Proposal, registry: Registry) -> str:
    """The document with the proposal, under the next free number of registry and proposals.

    One that says the same as a registered connection, or as a decided proposal, changes nothing; one that says the
    same as a pending proposal adds its units to that.
    """
    proposal = _cleaned(proposal)
    if any(proposal.says_the_same_as(known) for known in registry.connections):
        return text
    waiting = parse(text)
    for known in waiting:
        if proposal.says_the_same_as(known):
            return _with_units(text, known, proposal.units) if known.status == "pending" else text
    line_end = line_end_of(text)
    number = 1 + max((c.number for c in (*registry.connections, *(w.connection() for w in waiting))), default=0)
    block = "\n".join([f"## conn:{number:03d}.{proposal.slug}", "", *_lines(proposal)]).replace("\n", line_end)
    there = text if text.strip() else EMPTY
    body = there.rstrip()
    return body + line_end * 2 + block + there[len(body) :]


def _lines(proposal: Proposal) -> list[str]:
    values = {
        "from": code(proposal.source),
        "to": code(proposal.target),
        "appears_in_units": _listed(proposal.units),
    }
    plain = {name: getattr(proposal, name) for name in _PLAIN_FIELDS}
    return [f"- **{name}**: {(values | plain)[name]}".rstrip() for name in _ORDER]


def _listed(units: tuple[str, ...]) -> str:
    return ", ".join(code(unit) for unit in units)


def _cleaned(proposal: Proposal) -> Proposal:
    """Every text on one line, ids without backticks."""
    values = {name.name: getattr(proposal, name.name) for name in fields(Proposal)}
    texts = {name: one_line(value) for name, value in values.items() if isinstance(value, str)}
    ends = {name: texts[name].replace("`", "") for name in ("source", "target")}
    return replace(proposal, **(texts | ends), units=tuple(code(unit).strip("`") for unit in proposal.units))


def _with_units(text: str, known: Proposal, units: tuple[str, ...]) -> str:
    merged = list(known.units)
    for unit in units:
        merged = insert_in_order(merged, unit)
    return _set_field(text, known.id, "appears_in_units", _listed(tuple(merged)))


def decide(text: str, proposal_id: str, status: Status, at: str, note: str = "") -> str:
    """The document with a decision on a proposal; the same decision again changes nothing.

    ``at`` is ISO time, UTC. An approved proposal's ``connection()`` is then for ``connections.add_connection``. Raises
    UserError when there is no such proposal or when it was decided otherwise.
    """
    known = next((p for p in parse(text) if p.id == proposal_id), None)
    if known is None:
        raise UserError(f"There is no proposal {proposal_id}.", remedy="See `codexctl connections list`.")
    if known.status == status:
        return text
    if known.status != "pending":
        raise UserError(
            f"{proposal_id} is {known.status} since {known.decision_at or 'an earlier decision'}.",
            remedy=f"To decide again, set its status to pending in {PATH} first.",
        )
    for name, value in (("status", status), ("decision_at", at), ("decision_note", one_line(note))):
        text = _set_field(text, proposal_id, name, value)
    return text


def _set_field(text: str, proposal_id: str, name: str, value: str) -> str:
    """One field of one proposal; a field that is missing comes after the proposal's last one."""
    heading = next(found for found in _HEADING.finditer(text) if found[1] == proposal_id)
    fields = list(_FIELD.finditer(text, heading.end(), _end(text, heading)))
    line = f"- **{name}**: {value}".rstrip()
    for found in fields:
        if found[1] == name:
            return text[: found.start()] + line + text[found.start() + len(found[0].rstrip("\r")) :]
    line_end = line_end_of(text)
    last = fields[-1] if fields else heading
    stop = last.start() + len(last[0].rstrip("\r"))
    gap = line_end if fields else line_end * 2
    return text[:stop] + gap + line + text[stop:]


def without_unit(text: str, proposal_id: str, unit_id: str) -> str:
    """The document with the unit taken from a proposal; a proposal that no other unit makes goes as a whole."""
    known = next((p for p in parse(text) if p.id == proposal_id), None)
    if known is None or unit_id not in known.units:
        return text
    rest = tuple(unit for unit in known.units if unit != unit_id)
    if rest:
        return _set_field(text, proposal_id, "appears_in_units", _listed(rest))
    heading = next(found for found in _HEADING.finditer(text) if found[1] == proposal_id)
    before, after = text[: heading.start()], text[_end(text, heading) :]
    return before + after if after else before.rstrip() + line_end_of(text)
