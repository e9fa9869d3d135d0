"""Front matter as a mapping: YAML 1.1 as PyYAML's safe loader reads it, at the speed of libyaml where both agree.

The two loaders differ on a few constructs (tabs between tokens, bare tags, ``?`` inside flow sequences, ``#`` glued
to a block indicator) and libyaml overruns the C stack on deep nesting. Text with any of these goes to the pure Python
loader, and so does all that libyaml refuses, so that the verdict and the message never depend on the loader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

#: Characters and constructs on which libyaml and PyYAML are known to differ (found by fuzzing one against the other).
_DIFFERS = re.compile(
    r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r"|%|(?:^|[\s\[{,:'\"-])!|[|>][-+0-9]*#",
    re.MULTILINE,
)
_SMALL_LIST = re.compile(r"\[[^\[\]{}?\n]*\]")
_DEEP = re.compile(r"(?:-[ ]+){50}")
_ANCHOR = re.compile(r"(?:^|[\s\[{,])&\S", re.MULTILINE)
_ALIAS = re.compile(r"(?:^|[\s\[{,])\*\S", re.MULTILINE)
#: Longer integers cannot be printed in decimal any more, which every message and index does with them.
_MAX_DIGITS = 3_000
_LONG_NUMBER = re.compile(rf"[0-9A-Fa-fxb_:]{{{_MAX_DIGITS}}}")
_MAX_BRACKETS = 2_000
#: More nodes than this, aliases written out, is an attack or an accident; the largest real front matter has some 200.
_MAX_NODES = 100_000


@dataclass(frozen=True, slots=True)
class YamlFault:
    """Why a text could not be loaded; ``line`` counts from 1 within it."""

    problem: str
    line: int


def load_yaml(text: str) -> Any | YamlFault:
    """The value of a YAML 1.1 document (duplicate keys: the last one wins), or the fault; never raises."""
    deep = text.count("[") + text.count("{") > _MAX_BRACKETS or _DEEP.search(text)
    tricky = _DIFFERS.search(text) or _question_in_flow(text)
    aliased = _ANCHOR.search(text) and _ALIAS.search(text)
    if not (deep or aliased or tricky or _LONG_NUMBER.search(text)):
        try:
            return yaml.load(text, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, *_FROM_CONSTRUCTORS):
            pass  # let the reference loader decide, and word the message
    return _load_slowly(text)


def _question_in_flow(text: str) -> bool:
    """Whether a question mark may stand inside brackets or braces, or at the start of a token."""
    if "?" not in text:
        return False
    rest = _SMALL_LIST.sub("", text)
    return "[" in rest or "{" in rest or "? " in rest or "?\n" in rest


#: What PyYAML's constructors raise on scalars that look like a number or a date and are none (``0x_``, 2026-13-45),
#: and on explicit tags that do not fit (``!!int x``, ``!!bool x``, ``!!timestamp x``).
_FROM_CONSTRUCTORS = (ValueError, KeyError, AttributeError, TypeError, IndexError, OverflowError)


def _load_slowly(text: str) -> Any | YamlFault:
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        if _written_out(node, {}) > _MAX_NODES:
            return YamlFault("aliases stand for more than a hundred thousand values", 1)
        if _LONG_NUMBER.search(text) and _has_long_number(node):
            return YamlFault("a number has too many digits", 1)
        return loader.construct_document(node)
    except yaml.reader.ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        return YamlFault(f"the character #x{exc.character:04x} is not allowed", line)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        said = " ".join(filter(None, (exc.context, exc.problem)))
        return YamlFault(said, mark.line + 1 if mark else 1)
    except RecursionError:
        return YamlFault("values are nested too deeply", 1)
    except (yaml.YAMLError, *_FROM_CONSTRUCTORS) as exc:
        return YamlFault(f"a value does not fit its type ({exc})", 1)


def _has_long_number(root: yaml.Node) -> bool:
    seen, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            if node.tag == "tag:yaml.org,2002:int" and len(node.value) > _MAX_DIGITS:
                return True
        else:
            waiting += [part for entry in node.value for part in (entry if isinstance(entry, tuple) else (entry,))]
    return False


def _written_out(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are when every alias is replaced by what it stands for (a node inside itself counts 1)."""
    if id(node) in known:
        return known[id(node)]
    known[id(node)] = total = 1
    if isinstance(node, yaml.SequenceNode):
        total += sum(_written_out(child, known) for child in node.value)
    elif isinstance(node, yaml.MappingNode):
        total += sum(_written_out(k, known) + _written_out(v, known) for k, v in node.value)
    known[id(node)] = total
    return total
