"""``check --fix``: repairs that are mechanical and certain, each proved by the rules before it is kept."""

from codex.check.fix.apply import Repaired, repair_files
from codex.check.fix.repairs import REPAIRS, Repair

__all__ = ["REPAIRS", "Repair", "Repaired", "repair_files"]
