"""Campaigns as data: booklists, tiers, budgets, thresholds, prices and the embedded pilot."""
