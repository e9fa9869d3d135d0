"""docs/faults.md, written from the table of failures: ``python -m codex.agents.faultdocs [FILE]``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from codex.agents.breaker import BreakerRules
from codex.agents.failures import FAULTS, FaultRule
from codex.agents.faults import ACTIONS
from codex.agents.turns import RetryPolicy

_INTRODUCTION = """\
# What can go wrong in a call, and what is done about it

Generated from `codex/agents/failures.py`; edit that table and run `python -m codex.agents.faultdocs`. A test has the
local server do each of these things, once and again and again, and holds requests, costs and messages to what stands
here.

A call is one HTTP turn. Before it leaves, the most that it can cost is set aside. *free*: the provider surely did not
bill it, so all of that is given back. *kept*: it may have been billed, so what was set aside counts as spent. *paid*:
an answer came, and counts with its tokens. Every try is a line of `manifests/cost_ledger.jsonl` with its `outcome`.

A retry waits {first:g} s, then twice as long each time up to {longest:g} s, less a random part of up to {jitter:.0%};
`retry-after` is obeyed up to {longest:g} s. There are {tries} tries in all unless the table allows fewer. While that
goes on the run says, for example, "The API answered 529: overloaded. Trying again in 2 s (try 3 of {tries})." What
the table quotes in the last column is how the message begins when it is given up. Whatever the end is, finished turns
are kept: running the same command again goes on from there and pays for none of them twice.
"""

_BREAKER = """\
## The circuit breaker

{failures} failures in a row that are marked *yes* above, of any conversations of the workspace and in any of its
processes, open the breaker of that backend: no new conversation begins (exit status 4, and a sentence that says so),
and those under way wait. {cooldown:g} s later one request is let through as a probe, one at a time whoever asks. If
the server answers, with whatever, the breaker closes; if the probe fails, it stays open for as long again. A
conversation under way waits {patience:g} s in all at most. `codexctl status` shows an open breaker. `[breaker]
failures` and `cooldown_seconds` in `codex.toml` change the figures.
"""

_SCRIPTS = """\
## Having the local server misbehave

In a test: `ReplayServer(folder, faults=[Fault("cut", match="book:demo/P1_audit/*", nth=(2, 3))])`. As a process:
`python -m codex.agents.replay_server --recordings DIR --faults FILE`, where FILE is a JSON list of objects with the
same fields. `match` is a pattern on `<address>/<turn>` (`batches` is the making of a batch, `batches/<id>` looking at
one), `nth` the matching requests that are struck, counted from 1; an empty list strikes all of them.

| `do` | the local server will |
| --- | --- |
"""


def document() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    policy, breaker = RetryPolicy(), BreakerRules()
    yield _INTRODUCTION.format(first=policy.first, longest=policy.longest, jitter=policy.jitter, tries=policy.tries)
    yield "| failure | the server … | the client … | at most | costs | breaker | the operator reads |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    yield from (_row(kind, rule) for kind, rule in FAULTS.items())
    yield "\n" + _BREAKER.format(failures=breaker.failures, cooldown=breaker.cooldown, patience=policy.patience)
    yield _SCRIPTS.rstrip("\n")
    yield from (f"| `{action}` | {what} |" for action, what in ACTIONS.items())


def _row(kind: str, rule: FaultRule) -> str:
    client = rule.client + (", then the pass's next model" if rule.fallback and rule.action != "give up" else "")
    cells = (f"`{kind}`", rule.server, client, _most(rule), rule.money, "yes" if rule.breaker else "")
    return f"| {' | '.join(cells)} | “{rule.operator} …” |"


def _most(rule: FaultRule) -> str:
    if rule.action == "give up":
        return ""
    if rule.limit is None:
        return f"{RetryPolicy().tries} tries" if rule.retry else "the turns of the call"
    return f"{rule.limit + 1} tries" if rule.retry else ("once" if rule.limit == 1 else f"{rule.limit} times")


def main(arguments: list[str]) -> None:
    target = Path(arguments[0] if arguments else "docs/faults.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
