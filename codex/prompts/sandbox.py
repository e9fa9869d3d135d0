"""The environment that patterns are rendered in: sandboxed, undefined variables are errors, no data is a template."""

from __future__ import annotations

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from codex.corpus.quoting import fenced, line, plain

ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
)
#: What patterns put text of others through, so that it cannot pass for a part of the brief (corpus/quoting.py).
ENVIRONMENT.filters |= {"line": line, "plain": plain, "fenced": fenced}
