"""The rules, a module a subject. Their order and their list: codex/check/registry.py."""
