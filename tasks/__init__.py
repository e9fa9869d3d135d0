"""Prefect tasks: the seven passes and the integration. Thin: each calls one thing of ``codex``."""
