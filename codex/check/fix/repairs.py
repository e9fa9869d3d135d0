"""The repairs, a function of text each, in the order in which they are made.

What belongs here is a change that any reader of the file would make without thinking, and that leaves what is rendered
as it is or makes it what was meant. Front matter is never touched but for line ends: the order of its keys, its quoting
and its comments belong to whoever wrote them. ``$n$-dimensional`` is not touched either: every renderer in use takes it
for a formula, and to rewrite it would break registered anchor phrases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from codex.check.fix.lines import Untouchable, lines_with_offsets
from codex.check.rules.beginner import LONGEST_BEGINNER_PARAGRAPH
from codex.check.rules.prose import LONGEST_PARAGRAPH
from codex.units import Unit, parse_unit
from codex.units.cuts import cut, math_spans
from codex.units.frontmatter import split_frontmatter


@dataclass(frozen=True, slots=True)
class Repair:
    """One kind of repair. ``change`` gets the whole text (LF line ends, but for the first repair) and its path."""

    name: str
    what: str
    change: Callable[[str, str], str]


def _line_ends(text: str, path: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


_START = re.compile(r"\ufeff?(?:[ \t]*\n)*(?=---[ \t]*\n)")


def _start(text: str, path: str) -> str:
    blank = _START.match(text)
    return text[blank.end() :] if blank else text


def _end(text: str, path: str) -> str:
    """One line end at the end of the file: without any, front matter that ends the file is not closed."""
    ended = text.rstrip(" \t\n")
    if not ended or text == ended + "\n":
        return text
    if _in_code(text, len(ended) - 1):
        return text if text.endswith("\n") else text + "\n"
    return ended + "\n"


def _in_code(text: str, at: int) -> bool:
    body = _body_start(text)
    return at >= body and Untouchable(text[body:])(at - body, at - body + 1)


def _body_start(text: str) -> int:
    split = split_frontmatter(text)
    return split.body if split else len(text)


def _on_body(change: Callable[[str], str]) -> Callable[[str, str], str]:
    def changed(text: str, path: str) -> str:
        start = _body_start(text)
        return text[:start] + change(text[start:])

    return changed


def _trailing_blanks(body: str) -> str:
    if " \n" not in body and "\t\n" not in body and body[-1:] not in (" ", "\t"):
        return body
    code = Untouchable(body)
    lines = list(lines_with_offsets(body))
    following = [line for _, line in lines[1:]] + [""]
    return "\n".join(
        line if code(start, start + len(line)) else _stripped(line, after)
        for (start, line), after in zip(lines, following, strict=True)
    )


def _stripped(line: str, following: str) -> str:
    """The line without blanks at its end, unless they break a line of a paragraph or stand in code."""
    bare = line.rstrip(" \t")
    breaks = "  " in line[len(bare) :] and bare and following.strip() and not bare.lstrip().startswith(("#", "|"))
    return line if breaks or bare.count("`") % 2 else bare


_BULLET = re.compile(r"^(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\S", re.MULTILINE)
_PIECE = re.compile(r"\n{2,}")


def _bullets(text: str, path: str) -> str:
    """Blank lines between the bullets of a list that the rules count as one too long paragraph."""
    start = _body_start(text)
    body = text[start:]
    lists = [(at, piece) for at, piece in _pieces(body) if _is_long_list(piece)]
    if not lists:
        return text
    unit, code, out, position = parse_unit(text.encode("utf-8"), path), Untouchable(body), [], 0
    for at, piece in lists:
        if not code(at, at + len(piece)):
            out += [body[position:at], _spread(piece, _limit(unit, at))]
            position = at + len(piece)
    return text[:start] + "".join([*out, body[position:]])


def _is_long_list(piece: str) -> bool:
    long = len(piece) > 2 * LONGEST_BEGINNER_PARAGRAPH and len(piece.split()) > LONGEST_BEGINNER_PARAGRAPH
    return long and len(_BULLET.findall(piece)) > 1


def _pieces(body: str) -> Iterator[tuple[int, str]]:
    position = 0
    for gap in _PIECE.finditer(body):
        yield position, body[position : gap.start()]
        position = gap.end()
    yield position, body[position:]


def _limit(unit: Unit, offset: int) -> int:
    """The longest paragraph allowed at an offset of the body (rules PG001 and BG001)."""
    held = [s for s in unit.sections if s.heading.start <= offset < s.end]
    beginner = any("beginner" in section.heading.tiers for section in held)
    return LONGEST_BEGINNER_PARAGRAPH if beginner else LONGEST_PARAGRAPH


def _spread(piece: str, limit: int) -> str:
    """The list with blank lines between its bullets, where then each is short enough; as it is otherwise."""
    cuts = [0, *(bullet.start() for bullet in _BULLET.finditer(piece) if bullet.start()), len(piece)]
    chunks = [piece[a:b] for a, b in pairwise(cuts)]
    helps = len(piece.split()) > limit and all(len(chunk.split()) <= limit for chunk in chunks)
    return "\n".join(chunks) if helps and not _HTML_LINE.search(piece) else piece


#: Where a blank line may end a block of HTML.
_HTML_LINE = re.compile(r"^[ \t]*<", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z]{2,}")
_NO_WORDS = re.compile(r"\\(?:text\w*|math\w+|operatorname\*?|mbox)\s*\{[^{}]*\}|\\[A-Za-z]+")


def _math_delimiters(body: str) -> str:
    """Dollars next to their formula; the dollars of a displayed formula of several lines on lines of their own."""
    changed = [(at, piece, new) for at, piece in _pieces(body) if "$" in piece and (new := _delimited(piece)) != piece]
    if not changed:
        return body
    code, out, position = Untouchable(body), [], 0
    for at, piece, new in changed:
        if "`" not in piece and not code(at, at + len(piece)):
            out += [body[position:at], new]
            position = at + len(piece)
    return "".join([*out, body[position:]])


def _delimited(piece: str) -> str:
    """The paragraph with sound delimiters; as it is where a dollar might be money or be left over."""
    spans = math_spans(piece)
    sound = [_sound(piece, start, end) for start, end in spans]
    formulas = [piece[start:end] for start, end in spans]
    if sound == formulas or "$" in cut(piece, spans).text or not all(map(_is_formula, formulas)):
        return piece
    parts, position = [], 0
    for (start, end), new in zip(spans, sound, strict=True):
        parts += [piece[position:start], new]
        position = end
    return "".join([*parts, piece[position:]])


def _is_formula(formula: str) -> bool:
    """True for what is certainly mathematics: not blank, and an inline formula without words outside its macros."""
    inner = formula.strip("$")
    return bool(inner.strip()) and (formula.startswith("$$") or not _WORD.search(_NO_WORDS.sub("", inner)))


def _sound(piece: str, start: int, end: int) -> str:
    """The formula at a place of a paragraph, with sound delimiters."""
    width = 2 if piece.startswith("$$", start) else 1
    inner = piece[start + width : end - width]
    if width == 1:
        inner = inner.strip(" \t")
        return piece[start:end] if inner.endswith("\\") else f"${inner}$"  # else a backslash would escape the dollar
    indent, after = piece[:start].rpartition("\n")[2], piece[end:].partition("\n")[0]
    alone = not indent.strip() and not after.strip()
    good = inner.startswith("\n") and not inner.rpartition("\n")[2].strip()
    if good or not alone or "\n" not in inner:
        return piece[start:end]
    return f"$$\n{indent}{inner.strip()}\n{indent}$$"


REPAIRS: tuple[Repair, ...] = (
    Repair("line ends", "CRLF and lone CR become LF", _line_ends),
    Repair("start of file", "no byte order mark and no blank line before the front matter", _start),
    Repair("end of file", "exactly one line end at the end", _end),
    Repair("trailing blanks", "no blanks at line ends, hard line breaks and code excepted", _on_body(_trailing_blanks)),
    Repair("bullets", "blank lines between bullets that count as one paragraph that is too long", _bullets),
    Repair("math delimiters", "no blank inside the dollars; those of long formulas alone", _on_body(_math_delimiters)),
)
