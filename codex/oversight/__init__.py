"""Oversight: what a person wants to see, computed from the repository alone."""
