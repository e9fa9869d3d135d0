"""Make a corpus in a new folder: ``python -m bench.generator UNITS FOLDER [--seed N]``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from . import make_corpus, write_repository


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("units", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    start = time.perf_counter()
    corpus = make_corpus(given.units, seed=given.seed)
    commit = write_repository(corpus, given.folder)
    seconds = time.perf_counter() - start
    sys.stdout.write(f"{given.units} units, {len(corpus.files)} files, commit {commit} in {seconds:.1f} s\n")


if __name__ == "__main__":
    main()
