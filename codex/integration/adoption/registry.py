"""Every kind of finding, in the order in which they are told and mended.

Order matters to the repairs: those of the units come first, since graph, catalog and plan are brought to what the units
say; broken edges go before edges are added; the plan is built when all that it is built from has been mended.
"""

from __future__ import annotations

from codex.integration.adoption.kind import Kind
from codex.integration.adoption.kinds import (
    audits,
    broken_edges,
    catalog_drift,
    connection_registry,
    cycles,
    doubled_edges,
    ledger_age,
    ledger_state,
    missing_edges,
    quoted_ids,
    slash_commands,
    stale_graph,
    stale_plan,
    unit_files,
)

KINDS: tuple[Kind, ...] = (
    unit_files.UNREADABLE,
    unit_files.TWICE,
    unit_files.MISPLACED,
    unit_files.RENAMED,
    quoted_ids.KIND,
    unit_files.FLAGS,
    unit_files.FIGURES,
    ledger_age.UNREADABLE,
    ledger_age.KIND,
    ledger_age.DOUBLED,
    ledger_state.LOG,
    ledger_state.PROJECTION,
    ledger_state.BOOKS,
    ledger_state.UNREGISTERED,
    audits.KIND,
    broken_edges.KIND,
    doubled_edges.KIND,
    stale_graph.KIND,
    missing_edges.KIND,
    missing_edges.CLOSING,
    missing_edges.UNKNOWN,
    cycles.KIND,
    cycles.UNNAMED,
    stale_graph.FILELESS,
    catalog_drift.MISSING,
    catalog_drift.UNNAMED,
    catalog_drift.PLANNED,
    catalog_drift.DIFFERING,
    catalog_drift.SHARED,
    catalog_drift.REPEATED,
    catalog_drift.FILELESS,
    connection_registry.ENDS,
    connection_registry.UNITS,
    connection_registry.UNLISTED,
    connection_registry.UNREGISTERED,
    connection_registry.STATS,
    stale_plan.KIND,
    slash_commands.KIND,
)

#: What the integrator can be asked to mend, by name.
REPAIRS: dict[str, Kind] = {kind.name: kind for kind in KINDS if kind.repair}
