"""Panels as text: for a terminal, as Markdown. The page is in ``codex/oversight/page/``."""
