"""The continuity of one unit: a pure function of its bytes and of the registered anchor phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from codex.continuity.anchors import AnchorPhrases, AnchorUse
from codex.continuity.phrases import (
    backward_refs,
    fold,
    forward_promises,
    lateral_connections,
    lower_and_fold,
    synthesis_claims,
)
from codex.continuity.text import MeasuredText, read_text
from codex.continuity.words import corrected_word_count, word_count


@dataclass(frozen=True, slots=True)
class UnitContinuity:
    """One unit's figures (unit-rubric, part 3). Densities are occurrences per 1,000 words.

    ``word_count_corrected`` and the densities on it are ours: the reference loses the prose between display formulas.
    ``anchors_altered`` are the phrases that the unit uses in another letter case than registered.
    """

    path: str
    unit_id: str
    word_count_total: int
    word_count_intermediate: int
    word_count_master: int
    word_count_corrected: int
    backward_refs: int
    forward_promises: int
    lateral_connections_master: int
    synthesis_claims_intermediate: int
    synthesis_claims_master: int
    anchor_phrases_invoked: int
    anchors_altered: tuple[str, ...] = ()

    @property
    def anchor_phrases_verbatim(self) -> int:
        return self.anchor_phrases_invoked - len(self.anchors_altered)

    @property
    def backward_density(self) -> float:
        return self.backward_refs / max(self.word_count_total, 1) * 1000

    @property
    def forward_density(self) -> float:
        return self.forward_promises / max(self.word_count_total, 1) * 1000

    @property
    def backward_density_corrected(self) -> float:
        return self.backward_refs / max(self.word_count_corrected, 1) * 1000

    @property
    def forward_density_corrected(self) -> float:
        return self.forward_promises / max(self.word_count_corrected, 1) * 1000

    @property
    def anchor_reuse_rate(self) -> float:
        """Verbatim / invoked; 1.0 if nothing is invoked."""
        return self.anchor_phrases_verbatim / self.anchor_phrases_invoked if self.anchor_phrases_invoked else 1.0

    def as_json(self) -> dict[str, Any]:
        """The unit's object in ``continuity --format json``."""
        figures = {name: getattr(self, name) for name in _FIGURES}
        return {"path": self.path, "id": self.unit_id, **figures, "failures": []}


_FIGURES = (
    "word_count_total",
    "word_count_intermediate",
    "word_count_master",
    "backward_refs",
    "forward_promises",
    "lateral_connections_master",
    "synthesis_claims_intermediate",
    "synthesis_claims_master",
    "anchor_phrases_invoked",
    "anchor_phrases_verbatim",
    "backward_density",
    "forward_density",
    "anchor_reuse_rate",
    "word_count_corrected",
    "backward_density_corrected",
    "forward_density_corrected",
)


class Figures(NamedTuple):
    """What of a unit does not depend on the registry of connections; fields as in ``UnitContinuity``."""

    unit_id: str
    word_count_total: int
    word_count_intermediate: int
    word_count_master: int
    word_count_corrected: int
    backward_refs: int
    forward_promises: int
    lateral_connections_master: int
    synthesis_claims_intermediate: int
    synthesis_claims_master: int


def measure_text(text: MeasuredText, anchors: AnchorPhrases) -> tuple[Figures, AnchorUse]:
    """The unit's own figures, and the anchor phrases in it."""
    lowered, folded = lower_and_fold(text.body)
    figures = Figures(
        unit_id=text.unit_id,
        word_count_total=word_count(text.body),
        word_count_intermediate=word_count(text.intermediate),
        word_count_master=word_count(text.master),
        word_count_corrected=corrected_word_count(text.body),
        backward_refs=backward_refs(text.body, text.unit_id),
        forward_promises=forward_promises(folded),
        lateral_connections_master=lateral_connections(text.master),
        synthesis_claims_intermediate=synthesis_claims(fold(text.intermediate)),
        synthesis_claims_master=synthesis_claims(fold(text.master)),
    )
    return figures, anchors.search(text.body, lowered)


def assemble(path: str, figures: Figures, use: AnchorUse) -> UnitContinuity:
    return UnitContinuity(path, *figures, use.invoked, use.altered)


def measure(data: bytes, path: str, anchors: AnchorPhrases) -> UnitContinuity:
    """Measure a unit, also one that exists nowhere but in memory. Never raises on any bytes."""
    return assemble(path, *measure_text(read_text(data), anchors))
