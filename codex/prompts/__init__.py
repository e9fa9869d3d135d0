"""Prompt patterns: Markdown with front matter, one file a pass, rendered by sandboxed Jinja2."""

from codex.prompts.pattern import Pattern, load_pattern
from codex.prompts.render import render_brief

__all__ = ["Pattern", "load_pattern", "render_brief"]
