"""Change one front-matter key of a unit's text and leave every other byte as it is."""

from __future__ import annotations

import re
from typing import Any

import yaml

from codex.errors import ContentError
from codex.units.frontmatter import split_frontmatter
from codex.units.parse import normalise
from codex.units.yamlsafe import YamlFault, load_yaml

_LINE_ENDS = re.compile(r"\r\n")


def set_frontmatter_value(text: str, key: str, value: Any) -> str:
    """The text with ``key: value`` in its front matter; a missing key is added as the last line.

    ``text`` may have any line ends (the file's own are used for what is added); comments, order, quoting and the body
    stay. Raises ContentError when the front matter cannot be read, or not be edited without changing another key.
    """
    plain = normalise(text)
    split = split_frontmatter(plain)
    before = load_yaml(plain[split.start : split.end]) if split else None
    if split is None or not isinstance(before, dict):
        raise ContentError(
            "The front matter cannot be read, so it cannot be edited.", remedy="Run `codexctl check` on it."
        )
    start, end, new = _replacement(plain[split.start : split.end], key, value)
    start, end = start + split.start, end + split.start
    edited = plain[:start] + new + plain[end:]
    if _loaded(edited) != before | {key: value}:
        raise ContentError(
            f"Setting {key!r} would change other keys of the front matter.",
            remedy="Edit the file by hand: anchors, merge keys and braces at the top level are not edited in place.",
        )
    if plain == text:
        return edited
    line_end = "\r\n" if "\r\n" in text else "\r"
    return text[: _original(text, start)] + new.replace("\n", line_end) + text[_original(text, end) :]


def _loaded(text: str) -> Any:
    split = split_frontmatter(text)
    loaded = load_yaml(text[split.start : split.end]) if split else None
    return None if isinstance(loaded, YamlFault) else loaded


def _replacement(frontmatter: str, key: str, value: Any) -> tuple[int, int, str]:
    """Which span of the front matter to replace, by what."""
    line = yaml.safe_dump({key: value}, default_flow_style=False, allow_unicode=True, width=10**9, sort_keys=False)
    root: Any = yaml.compose(frontmatter, Loader=yaml.SafeLoader)
    found = [(k, v) for k, v in root.value if isinstance(k, yaml.ScalarNode) and k.value == key]
    if found:
        name, old = found[-1]
        return name.start_mark.index, max(_last_index(old, frontmatter), name.end_mark.index), line.rstrip("\n")
    last = root.value[-1]
    if _ends_in_block_scalar(last[1]):  # it would gain a final line end if it were no longer the last key
        return last[0].start_mark.index, last[0].start_mark.index, line
    end = len(frontmatter.rstrip())
    return end, end, "\n" + line.rstrip("\n")


def _ends_in_block_scalar(node: yaml.Node) -> bool:
    leaf = _last_leaf(node)
    return isinstance(leaf, yaml.ScalarNode) and leaf.style in ("|", ">")


def _last_leaf(node: yaml.Node) -> yaml.Node:
    """The last node written out inside this one (itself when it is a scalar or in braces)."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _last_index(node: yaml.Node, text: str) -> int:
    """Where the last written character of a node ends: a block collection's own mark lies behind later comments."""
    leaf = _last_leaf(node)
    end: int = leaf.end_mark.index
    if isinstance(leaf, yaml.ScalarNode) and leaf.style in ("|", ">"):
        return len(text[:end].rstrip())
    if leaf is node:
        return end
    line_end = text.find("\n", end)  # a comment behind the last entry goes with it
    return len(text) if line_end < 0 else line_end


def _original(text: str, offset: int) -> int:
    """The offset in ``text`` of an offset in the text with LF line ends."""
    for pair in _LINE_ENDS.finditer(text):
        if pair.start() >= offset:
            break
        offset += 1
    return offset
