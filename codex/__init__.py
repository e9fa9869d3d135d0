"""Codex: a production line for curricula that language models write and software answers for."""

__version__ = "0.1.0"
