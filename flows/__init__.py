"""Prefect flows: a book from where its ledger says, and the scheduled ones that choose a book."""
