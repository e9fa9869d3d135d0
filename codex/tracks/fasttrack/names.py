"""Names of the book track that code outside of its tables asks for: passes and states of the protocol (§3.1, §3.2)."""

from __future__ import annotations

AUDIT = "P1_audit"
GAP = "P2_gap"
PLAN = "P3_plan"
PRODUCTION = "P4_production"
VERIFICATION = "P5_verification"
WEAVING = "PW_weaving"
CONTINUITY = "PV_continuity"

#: The seven passes of a book, in their order.
BOOK_PASSES = (AUDIT, GAP, PLAN, PRODUCTION, VERIFICATION, WEAVING, CONTINUITY)

QUEUED = "queued"
PRODUCTION_READY = "production-ready"
IN_PRODUCTION = "in-production"
PRODUCTION_COMPLETE = "production-complete"
NEEDS_REWORK = "production-needs-rework"
VERIFIED = "verified"
SHIPPED = "shipped"
COVERED = "equivalence-covered"
