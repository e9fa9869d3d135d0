"""The call that a pass would make now: its context on a pinned commit, its brief, its model and limits.

Everything that shapes the brief is read from a commit that is pinned in the journal at the first try, so a run that was
killed builds the very same requests again and takes the finished turns from the journal.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from codex.agents.call import AgentCall, CallAddress
from codex.agents.limits import load_models
from codex.agents.tools import WEB_BY_DEFAULT
from codex.campaign.answers import hint
from codex.campaign.budgets import ceilings
from codex.campaign.definition import load_campaign
from codex.campaign.ledger import Ledger
from codex.campaign.recourse import after_fault
from codex.corpus.index import CorpusIndex
from codex.errors import UserError
from codex.passes.base import Pass
from codex.passes.context import Context, Failure
from codex.passes.registry import get_pass
from codex.prompts import load_pattern, render_brief
from codex.tracks.registry import passes

if TYPE_CHECKING:
    from codex.passes.services import Services
    from codex.snapshot import Snapshot
    from codex.workspace import Workspace

#: Used where codex.toml says nothing; model and token limits are those of the pass's prompt pattern.
DEFAULT_ANSWER_HOURS = 4.0


def make_context(
    workspace: Workspace,
    services: Services | None,
    head: Snapshot,
    subject: str,
    each: Pass[Any, Any],
    unit: str | None = None,
    *,
    owner: str | None = None,
) -> Context:
    """The context of the next attempt of a pass, on its pinned commit; without services (dry run) that of ``head``."""
    attempt = Ledger.load(head).attempts(subject, each.name, unit) + 1
    address = CallAddress(subject, each.name, unit, attempt)
    base = services.journal.pin(address, head.label) if services else head.label
    snapshot = workspace.at(base)
    pinned = Ledger.load(snapshot)
    failure = _failure(services, pinned, snapshot, address, each)
    said = hint(pinned, subject, each.name, unit)
    policy = workspace.settings.check.shipping
    context: Context = each.context(snapshot, base, subject, each.name, attempt, unit, owner, failure, said, policy)
    return context


def _failure(
    services: Services | None, ledger: Ledger, snapshot: Snapshot, address: CallAddress, each: Pass[Any, Any]
) -> Failure | None:
    last = ledger.last_failure(address.subject, address.pass_name, address.unit)
    if last is None or last.fell_short:
        return None
    # After a person's answer the ladder begins anew, and the attempt still mends what was wrong before it.
    count = max(ledger.faults(address.subject, address.pass_name, address.unit), 1)
    following = after_fault(ledger, address.subject, address.pass_name, address.unit)
    defects = tuple(last.data.get("defects", ()))
    if services is None:
        return Failure(count, defects, following)
    if address.unit:
        return Failure(count, defects, following, draft=_earlier_draft(services, ledger, snapshot, address, each))
    return Failure(count, defects, following, reply=_earlier_reply(services, address))


def _earlier_reply(services: Services, address: CallAddress) -> str:
    """What the attempt before this one handed in, as JSON; "" when it never did."""
    earlier = replace(address, attempt=address.attempt - 1)
    handed_in = services.journal.submission(earlier, services.backend.name)
    return json.dumps(handed_in, ensure_ascii=False, indent=1) if handed_in else ""


def _earlier_draft(
    services: Services, ledger: Ledger, snapshot: Snapshot, address: CallAddress, each: Pass[Any, Any]
) -> str | None:
    """The text that the attempts before this one have made of the unit, one after the other."""
    first = address.attempt - ledger.open_attempts(address.subject, address.pass_name, address.unit)
    path = CorpusIndex(snapshot).path_of(address.unit or "")
    text = snapshot.text(path) if path else None
    for attempt in range(first, address.attempt):
        handed_in = services.journal.submission(replace(address, attempt=attempt), services.backend.name)
        if handed_in and each.carried:
            text = each.carried(each.reply_model.model_validate(handed_in), text, path or "draft.md")
    return text


def next_call(workspace: Workspace, subject: str, pass_name: str, unit: str | None = None) -> AgentCall[Any]:
    """The call that a pass would make now; nothing is pinned, sent or paid for."""
    each = get_pass(pass_name)
    return agent_call(workspace, make_context(workspace, None, workspace.snapshot(), subject, each, unit), each)


def agent_call(workspace: Workspace, context: Context, each: Pass[Any, Any]) -> AgentCall[Any]:
    """The call that a pass would make: its brief, model and limits (codex.toml, else the pattern's), its ceilings."""
    refuse_unknown_passes(workspace)
    chosen, pattern = workspace.settings.agents.for_pass(each.name), load_pattern(each.prompt)
    factor = context.failure.rung.token_factor if context.failure else 1
    first = context.failure is None
    tools = () if chosen.batch else tuple(t for t in each.tools if not first or t not in chosen.withhold_tools)
    prefix, prompt = render_brief(each, context, tools, rules=not (first and chosen.withhold_rules))
    model, wanted = chosen.model or pattern.head.model, int((chosen.max_tokens or pattern.limits.max_tokens) * factor)
    limits = load_models(workspace.root / "manifests" / "models.json")
    return AgentCall(
        address=CallAddress(context.subject, each.name, context.unit, context.attempt),
        prefix=prefix,
        prompt=prompt,
        tools=tools,
        reply_model=each.reply_model,
        model=model,
        max_tokens=min(wanted, max(limits.of(model).output_most, chosen.max_tokens or 0)),
        max_turns=chosen.max_turns or pattern.limits.max_turns,
        effort=chosen.effort,
        answer_seconds=3600 * (chosen.answer_hours or DEFAULT_ANSWER_HOURS),
        fallbacks=chosen.fallbacks,
        cache=chosen.cache,
        batch=chosen.batch,
        web={str(k): n for k, n in chosen.web.items()} if chosen.web is not None else WEB_BY_DEFAULT.get(each.name, {}),
        pattern=_pattern_name(each.prompt),
        ceilings=ceilings(context.ledger, context.subject, load_campaign(context.snapshot), workspace.settings.budget),
    )


def refuse_unknown_passes(workspace: Workspace) -> None:
    """Raise UserError when codex.toml names a pass that there is not: what it says there would count for nothing."""
    unknown = sorted(set(workspace.settings.agents.models) - {"default", *passes()})
    if unknown:
        raise UserError(
            f"codex.toml: [agents.models.{unknown[0]}] is for no pass.",
            remedy=f"The passes are {', '.join(passes())}; `default` is for all of them.",
        )


def _pattern_name(prompt: str) -> str:
    """The prompt pattern and its version, by which first submissions are counted."""
    pattern = load_pattern(prompt)
    return f"{pattern.name} v{pattern.version}"
