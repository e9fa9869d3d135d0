"""Tests of codex/agents."""
