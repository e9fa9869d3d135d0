"""Corpora of any size, made from templates of this project: for benchmarks and for tests at scale.

``python -m bench.generator 1000 FOLDER --seed 1`` makes one by hand. The same seed always gives the same bytes.
"""

from .corpus import Corpus, make_corpus
from .repository import write_repository
from .units import UnitPlan, fresh_unit, id_of, render_unit

__all__ = ["Corpus", "UnitPlan", "fresh_unit", "id_of", "make_corpus", "render_unit", "write_repository"]
