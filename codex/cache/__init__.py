"""What was computed before, kept in ``.codex/cache/``: always correct to use, always harmless to lose."""
