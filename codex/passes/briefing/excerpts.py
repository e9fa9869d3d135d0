"""Short excerpts of units: what they define and state, how they write things, how they speak of other units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from codex.check.rules.upper import evidence_terms
from codex.continuity.phrases import fold, forward_promises, synthesis_claims
from codex.corpus.quoting import line
from codex.prompts.fitting import size
from codex.units import Unit

_BLANK = re.compile(r"\n[^\S\n]*\n")
_CONTINUES = re.compile(r"\$\$|[a-z]|\\\[")
_NOT_PROSE = re.compile(r"<|!\[|\||```|#")
_PROOF = re.compile(r"\W{0,3}(?:Proof|Sketch of proof)\b", re.IGNORECASE)
_STATED = re.compile(r"\W{0,3}(?:Theorem|Proposition|Lemma|Corollary)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*$\\])")
#: A sentence that settles how something is written.
_WRITES = re.compile(
    r"\bdenoted?\b|\bwritten\b|\bwe write\b|\bwrites? \$|\bnotation\b|\bconventions?\b|\bnormalised\b|:=", re.IGNORECASE
)
_ID = re.compile(r"(?:\[?[0-9]{2}\.[0-9]{2}\.[0-9]{2}\]?(?:,\s*)?)+")
_BOLD = re.compile(r"\*\*[^*]+\*\*")
_CITATION = re.compile(r"\s*\[ref:[^\]]*\]")
_SENTENCE_BYTES = 300


def pieces(text: str) -> list[str]:
    """The prose of a text, paragraph by paragraph, each with the formulas that belong to it; citations left out."""
    found: list[str] = []
    for each in _BLANK.split(_CITATION.sub("", text)):
        piece = "\n".join(line.strip() for line in each.strip().splitlines())
        if not piece or _NOT_PROSE.match(piece):
            continue
        if found and _CONTINUES.match(piece):
            found[-1] += "\n" + _one_line_formula(piece)
        else:
            found.append(_one_line_formula(piece))
    return found


def _one_line_formula(piece: str) -> str:
    return " ".join(piece.split("\n")) if piece.startswith("$$") else piece


def cut_short(text: str, limit: int) -> str:
    """The text up to the last word within so many bytes, marked where it is cut."""
    text = line(text)
    return text if size(text) <= limit else text.encode()[:limit].decode("utf-8", "ignore").rpartition(" ")[0] + " (…)"


def fitting(found: list[str], limit: int) -> str:
    """As many of the paragraphs as have room, in order, one at least if it has; what is left out is marked."""
    kept: list[str] = []
    for piece in found:
        if size("\n\n".join([*kept, piece])) > limit:
            break
        kept.append(piece)
    if kept and len(kept) < len(found):
        kept.append("(…)")
    return "\n\n".join(kept)


def _under(unit: Unit, is_wanted: Callable[[str], bool]) -> Iterator[str]:
    """The paragraphs under the H2 headings with such a title."""
    for block in unit.blocks:
        if is_wanted(block.heading.title.casefold()):
            yield from pieces(unit.body[block.start : block.end])


def defined(unit: Unit) -> list[str]:
    """The paragraphs of the formal definitions."""
    return list(_under(unit, lambda title: "formal definition" in title))


def stated(unit: Unit) -> list[str]:
    """The statements of the evidence section, without proofs."""
    terms = evidence_terms(unit.id)
    return list(_statements(_under(unit, lambda title: any(term in title for term in terms))))


def key_statements(unit: Unit, limit: int, is_own: Callable[[Unit, str], bool] = lambda *_: True) -> str:
    """What a later unit builds on: definitions, then theorems; ``is_own`` says which paragraphs are the unit's own."""
    theorems = fitting([p for p in stated(unit) if is_own(unit, p)][:2], limit * 2 // 5)
    definitions = fitting([p for p in defined(unit) if is_own(unit, p)], limit - size(theorems))
    return "\n\n".join(filter(None, (definitions, theorems)))


def pattern_of(unit: Unit, piece: str) -> str:
    """A paragraph with what is particular to its unit taken out: texts made from one template become equal."""
    text = " ".join(piece.split()).casefold().replace(unit.title.casefold(), "‹title›")
    return _ID.sub("‹id›", _BOLD.sub("‹bold›", text))


def _statements(found: Iterator[str]) -> Iterator[str]:
    """The paragraphs that state a result, with the list that one may end in; those that prove it are passed over."""
    pending = ""
    for piece in found:
        if pending:
            yield f"{pending}\n{piece}"
            pending = ""
        elif _STATED.match(piece):
            pending = piece if piece.rstrip("*_ ").endswith(":") else ""
            if not pending:
                yield piece
    if pending:
        yield pending


def notation(unit: Unit, limit: int) -> str:
    """The sentences of the definition section in which it settles how things are written, as one line."""
    found: list[str] = []
    for piece in _under(unit, lambda title: "formal definition" in title or "notation" in title):
        sentences = _SENTENCE.split(" ".join(piece.split()))
        found += [s for s in sentences if _WRITES.search(s) and size(s) <= _SENTENCE_BYTES]
    kept = ""
    for sentence in dict.fromkeys(found):
        if size(kept) + size(sentence) < limit:
            kept = f"{kept} {sentence}".strip()
    return kept


def linking(unit: Unit, limit: int) -> str:
    """The paragraphs in which a unit says most about others, and the first items of its Connections section."""
    candidates = [p for p in _under(unit, lambda title: "connection" not in title) if not _PROOF.match(p)]
    ranked = sorted(candidates, key=lambda p: -(2 * forward_promises(fold(p)) + synthesis_claims(fold(p))))
    best = [p for p in ranked[:2] if forward_promises(fold(p)) + synthesis_claims(fold(p)) > 1]
    connections = [p for p in _under(unit, lambda title: "connection" in title) if p.startswith(("-", "*"))]
    return fitting([*best[:1], *connections[:2], *best[1:]], limit)
