"""What the recorded conversations of each pass have taken: ``python -m codex.prompts.baselines [FOLDER]``.

Medians over conversations, in tokens; a pattern's ``baseline`` is copied from here, with the version that was recorded.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from statistics import median
from typing import Any

#: The recordings that come with Codex.
PILOT = "pilot/recordings"
_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def baselines(folder: Traversable) -> dict[str, dict[str, int]]:
    """Pass → n, input_tokens (cached ones included), output_tokens and turns of a conversation, rounded medians."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for name, turns in _conversations(folder):
        usages = [turn["message"]["usage"] for turn in turns]
        tokens = (_sum(usages, _INPUT), _sum(usages, ("output_tokens",)), len(turns))
        found.setdefault(name.partition(".")[0], []).append(tokens)
    names = ("input_tokens", "output_tokens", "turns")
    return {
        pass_name: {"n": len(rows)}
        | {n: round(median(column)) for n, column in zip(names, zip(*rows, strict=True), strict=True)}
        for pass_name, rows in sorted(found.items())
    }


def _conversations(folder: Traversable) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for subject in sorted((f for f in folder.iterdir() if f.is_dir()), key=lambda f: f.name):
        for file in sorted(subject.iterdir(), key=lambda f: f.name):
            if file.name.endswith(".jsonl"):
                lines = file.read_text(encoding="utf-8").split("\n")
                yield file.name, [json.loads(line) for line in lines if line.strip()]


def _sum(usages: list[Mapping[str, Any]], names: tuple[str, ...]) -> int:
    return sum(int(usage.get(name) or 0) for usage in usages for name in names)


def main(arguments: list[str]) -> None:
    from pathlib import Path

    folder = Path(arguments[0]) if arguments else resources.files("manifests").joinpath(PILOT)
    sys.stdout.write(json.dumps(baselines(folder), indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
