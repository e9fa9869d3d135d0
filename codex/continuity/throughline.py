"""The sixth metric: do the bridges of a teaching flow say what its throughline claims? (unit-rubric, part 3, end).

A flow is a Markdown file with YAML front matter, or a YAML file, below ``flows/``. Everything in it is data: a flow
that cannot be read is a finding on that flow.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

THROUGHLINE_KEY = "throughline_coverage_avg"
THROUGHLINE_MINIMUM = 1.0

_MATH = (re.compile(r"\$\$.*?\$\$", re.DOTALL), re.compile(r"\$[^$]+\$"))
_LETTERS = re.compile(r"[^\W\d_]{4,}")
_STEM = 6
#: Function words of four and five letters: that two texts share them says nothing.
_STOP_WORDS = frozenset(
    {
        *("about", "also", "been", "being", "both", "does", "each", "from", "have", "into", "just", "like"),
        *("made", "make", "more", "most", "only", "onto", "other", "over", "same", "some", "such", "than"),
        *("that", "their", "them", "then", "there", "these", "they", "this", "those", "thus", "under", "upon"),
        *("very", "well", "were", "what", "when", "where", "which", "while", "will", "with", "would", "your"),
    }
)


@dataclass(frozen=True, slots=True)
class Beat:
    """One synthesis beat: the claim, after which step, and whether that step's bridge says it."""

    after_step: int | str
    claim: str
    hit: bool


@dataclass(frozen=True, slots=True)
class FlowThroughline:
    """One flow's beats; ``problem`` says why the file could not be read as a flow (then there are no beats)."""

    path: str
    flow_id: str
    beats: tuple[Beat, ...]
    problem: str = ""

    @property
    def hits(self) -> int:
        return sum(beat.hit for beat in self.beats)

    @property
    def coverage(self) -> float:
        """Beats hit / beats; 1.0 without beats (shown as n/a), 0.0 for a file that is no flow."""
        if self.problem:
            return 0.0
        return self.hits / len(self.beats) if self.beats else 1.0


def stems(text: str) -> frozenset[str]:
    """The distinct stems of a text: six letters of each longer word, without formulas and stop words."""
    text = unicodedata.normalize("NFKC", text).lower()
    for formula in _MATH:
        text = formula.sub("", text)
    return frozenset(word[:_STEM] for word in _LETTERS.findall(text)) - _STOP_WORDS


def beat_is_hit(claim: str, bridge: str) -> bool:
    """True iff the bridge has the claim verbatim (blanks and case folded) or at least half of its stems."""
    verbatim = " ".join(claim.split()).lower()
    if verbatim and verbatim in " ".join(bridge.split()).lower():
        return True
    wanted = stems(claim)
    return bool(wanted) and len(wanted & stems(bridge)) >= math.ceil(len(wanted) / 2)


def measure_flow(data: bytes, path: str) -> FlowThroughline:
    """A flow's throughline. Never raises on any bytes: what cannot be read is the flow's ``problem``."""
    from codex.units.frontmatter import split_frontmatter
    from codex.units.yamlsafe import YamlFault, load_yaml

    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    if path.endswith(".md"):
        split = split_frontmatter(text)
        if split is None:
            return _unreadable(path, "it has no front matter")
        text = text[split.start : split.end]
    document = load_yaml(text)
    if isinstance(document, YamlFault):
        return _unreadable(path, f"its YAML is not valid, {document.problem} (line {document.line})")
    if not isinstance(document, Mapping):
        return _unreadable(path, "its YAML is not a mapping")
    flow = document.get("flow")
    named = flow.get("id") if isinstance(flow, Mapping) else None
    return FlowThroughline(path, named if isinstance(named, str) else "", _beats(document))


def _unreadable(path: str, why: str) -> FlowThroughline:
    return FlowThroughline(path, "", (), why)


def _beats(document: Mapping[Any, Any]) -> tuple[Beat, ...]:
    bridges = {_number(step.get("n")): _string(step.get("bridge_after")) for step in _mappings(document.get("steps"))}
    throughline = document.get("throughline")
    listed = throughline.get("synthesis_beats") if isinstance(throughline, Mapping) else None
    found = []
    for beat in _mappings(listed):
        step, claim = _number(beat.get("after_step")), _string(beat.get("claim"))
        found.append(Beat(step, claim, beat_is_hit(claim, bridges.get(step, ""))))
    return tuple(found)


def _mappings(value: object) -> list[Mapping[Any, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, Sequence) else []


def _number(value: object) -> int | str:
    """A step's number: agents write 3 and "3" alike."""
    if isinstance(value, str):
        value = value.strip()
        return int(value) if value.isdecimal() and len(value) < 10 else value
    return value if isinstance(value, int) else ""


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def coverage_average(flows: Sequence[FlowThroughline]) -> float | None:
    """Mean coverage over the flows that have beats (unreadable ones count 0); None, "n/a", when there are none."""
    counted = [flow.coverage for flow in flows if flow.beats or flow.problem]
    return sum(counted) / len(counted) if counted else None


def throughline_failures(flows: Sequence[FlowThroughline]) -> list[str]:
    """The metric's failure text, in the manner of the other five; empty when there is nothing to measure."""
    average = coverage_average(flows)
    if average is None or average >= THROUGHLINE_MINIMUM:
        return []
    return [f"throughline_coverage: {average:.2f} < {THROUGHLINE_MINIMUM}"]
