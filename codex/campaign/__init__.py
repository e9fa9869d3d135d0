"""The campaign: its ledger, state machines, ownership and budgets."""
