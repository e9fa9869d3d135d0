"""Bytes to a ``Unit``. Whatever the bytes are, there is a unit; what is wrong with it is data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from codex.units.frontmatter import split_frontmatter
from codex.units.model import Unit, UnitError
from codex.units.yamlsafe import YamlFault, load_yaml


def parse_unit(data: bytes, path: str) -> Unit:
    """Read a unit (unit-rubric §1.1–1.2); never raises. ``error`` says what could not be read, with its code.

    PE001 not UTF-8 · PE002 no front matter found · PE003 front matter is not YAML · PE004 it is not a mapping.
    """
    try:
        text = normalise(data.decode("utf-8"))
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        return _broken(path, data, "", UnitError("PE001", _NOT_UTF8.format(exc.object[exc.start], line), line))
    split = split_frontmatter(text)
    if split is None:
        return _broken(path, data, text, UnitError("PE002", _why_none(text), 1))
    frontmatter, error = _load(text, split.start, split.end)
    return Unit(path, data, text, error, frontmatter, (split.start, split.end), split.body)


_NOT_UTF8 = "The file is not UTF-8 text: byte 0x{:02x} on line {} does not belong there."


def normalise(text: str) -> str:
    """CRLF and lone CR become LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _broken(path: str, data: bytes, text: str, error: UnitError) -> Unit:
    return Unit(path, data, text, error, {}, (0, 0), 0)


def _load(text: str, start: int, end: int) -> tuple[Mapping[Any, Any], UnitError | None]:
    loaded = load_yaml(text[start:end])
    first = text.count("\n", 0, start) + 1
    if isinstance(loaded, YamlFault):
        line = first + loaded.line - 1
        return {}, UnitError("PE003", f"The front matter is not valid YAML: {loaded.problem} (line {line}).", line)
    if not isinstance(loaded, dict):
        kind = "empty" if loaded is None else f"a {type(loaded).__name__}"
        return {}, UnitError("PE004", f"The front matter is {kind}, not a mapping of keys to values.", first)
    return loaded, None


def _why_none(text: str) -> str:
    if not text.strip():
        return "The file is empty: a unit begins with front matter between two lines of three hyphens."
    if text.startswith("\ufeff"):
        return "No front matter: the file begins with a byte order mark, which has to go."
    if not text.startswith("---"):
        return "No front matter: the first line must be three hyphens and nothing else."
    return "The front matter is never closed: a second line of three hyphens is missing."
