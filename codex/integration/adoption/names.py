"""The repairs that a proposal may ask for, by the kind of finding that they mend; what they write is computed."""

from __future__ import annotations

from typing import Literal

#: Those of registry.REPAIRS.
RepairName = Literal[
    "quoted-ids",
    "stale-flags",
    "missing-figures",
    "doubled-keys",
    "ledger-of-another-age",
    "projection",
    "broken-edges",
    "doubled-edges",
    "stale-graph",
    "missing-edges",
    "concepts-without-entry",
    "concepts-without-unit",
    "planned-notes",
    "connections-without-their-units",
    "connection-counts",
    "stale-plan",
    "missing-commands",
]
