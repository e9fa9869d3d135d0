"""deps.json: the prerequisite graph (unit-rubric §4.3). An edge goes from the prerequisite to what depends on it.

Reading is in ``document.py``, changing it in ``edits.py``.
"""

from codex.corpus.deps.document import EMPTY, PATH, Deps, Edge, Pair, known, parse
from codex.corpus.deps.edits import add_edges, add_pending, enter_unit, set_note, ship_unit

__all__ = [
    "EMPTY",
    "PATH",
    "Deps",
    "Edge",
    "Pair",
    "add_edges",
    "add_pending",
    "enter_unit",
    "known",
    "parse",
    "set_note",
    "ship_unit",
]
