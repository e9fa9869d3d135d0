"""The counted phrases as a writer would write them, made from the tables that count them (phrases.py)."""

from __future__ import annotations

import re

from codex.continuity.phrases import FORWARD, SYNTHESIS, Phrase

_ALTERNATIVES = re.compile(r"\(\?:([^()]*)\)")


def spoken(phrase: Phrase) -> list[str]:
    """What a row counts: ``builds toward``; a stroke separates single words to choose from, … stands for any word.

    Alternatives of several words become phrases of their own.
    """
    text = phrase[0] + phrase[1]
    for sign, plain in ((r"\s+", " "), (r"\s*", " "), (r"\w+", "…"), (r"\b", ""), ("s?", "s")):
        text = text.replace(sign, plain)
    longer = next((found for found in _ALTERNATIVES.finditer(text) if " " in found[1]), None)
    texts = [text] if longer is None else [text.replace(longer[0], choice) for choice in longer[1].split("|")]
    return [_ALTERNATIVES.sub(lambda found: found[1].replace("|", "/"), each) for each in texts]


def forward_phrases() -> list[str]:
    """What counts as a promise, but for the first person, which the voice of units does not have (curriculum §3), and
    for what is no word.
    """
    said = (text for phrase in FORWARD for text in spoken(phrase))
    return [text for text in said if not text.startswith("we ") and "…" not in text]


def synthesis_phrases() -> list[str]:
    """What counts as a synthesis claim, but for the row that the reference has and English has not."""
    return [text for phrase in SYNTHESIS if phrase[0] != "recur" for text in spoken(phrase)]
