"""Integration: the only code that writes to a workspace."""
