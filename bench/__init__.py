"""Benchmarks: ``make bench`` runs them all and prints one table of ratios; ``python -m bench.NAME`` runs one alone."""
