"""The phrases that a brief teaches are those that the metric counts."""

from __future__ import annotations

from itertools import product

import pytest

from codex.continuity.phrases import FORWARD, SYNTHESIS, fold, forward_promises, synthesis_claims
from codex.continuity.spoken import forward_phrases, spoken, synthesis_phrases


def written(phrase: str) -> list[str]:
    """Every wording that a phrase with strokes and … stands for."""
    words = [word.replace("…", "word").split("/") for word in phrase.split(" ")]
    return [" ".join(choice) for choice in product(*words)]


@pytest.mark.parametrize("phrase", forward_phrases())
def test_a_taught_promise_counts_once(phrase: str) -> None:
    assert forward_promises(fold(f"Here it {phrase} [03.09.04].")) == 1


@pytest.mark.parametrize("wording", [each for phrase in synthesis_phrases() for each in written(phrase)])
def test_a_taught_claim_counts_once(wording: str) -> None:
    assert synthesis_claims(fold(f"So {wording} things.")) == 1


def test_no_row_is_forgotten() -> None:
    left_out = {text for p in FORWARD for text in spoken(p)} - set(forward_phrases())
    assert left_out == {"we will see", "we will later", "forshadow…"}
    unsaid = {text for p in SYNTHESIS for text in spoken(p)} - set(synthesis_phrases())
    assert {text.partition(" ")[0] for text in unsaid} == {"recurs"}
