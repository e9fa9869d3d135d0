"""Ask a person in Prefect's UI: a deployed run suspends with a form, and its answer becomes an event in the ledger.

Suspending ends the process; the answered run starts from the top of the flow, reads the ledger, and finds the form's
answer under the same key. An answer given on the command line meanwhile has moved the ledger: then nothing is asked.
"""

from __future__ import annotations

from typing import Literal

from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.runtime import deployment, flow_run
from pydantic import Field

from codex.campaign.answers import Given, Waiting, offered, waiting
from codex.campaign.ledger import Ledger
from codex.errors import PersonNeeded, UserError
from codex.integration import spool
from codex.passes.answering import answer
from flows.reporting import say
from tasks.integrate import integrate
from tasks.runtime import Runtime

#: Seconds that a suspended run waits: thirty days. After that the ledger still says what the book waits for.
ANSWER_WITHIN = 30 * 86_400

#: Forms with an answer that is not possible, after which the run ends: the ledger and the command line remain.
MOST_FORMS = 5


class Answer(RunInput):
    """The form. ``choice`` is one of codex/campaign/answers.py."""

    choice: Literal["retry", "reduce", "accept", "defer", "by-hand"] = Field(description="how to go on")
    text: str = Field(default="", max_length=4000, description="a hint for the next attempt, or the reason")
    units: list[str] = Field(default_factory=list, max_length=200, description="with reduce: units to leave out")


async def asked(run: Runtime, subject: str) -> bool:
    """Have a person answer what a subject waits for; False when this run cannot ask (only deployed ones can).

    Does not return in the process that asks first: that one ends, and the run goes on when it is answered.
    """
    if not deployment.id or flow_run.parent_flow_run_id:
        return False
    problem = ""
    for number in range(MOST_FORMS):
        waits = waiting(Ledger.load(run.workspace.snapshot()), subject)
        if waits is None:
            return True
        form = await _form(waits, number, problem)
        try:
            proposal = answer(run.workspace, subject, form.choice, Given(form.text, tuple(form.units)))
        except UserError as error:
            problem = str(error)
            continue
        await integrate(f"answer for {waits.name}", spool.put(run.workspace, proposal))
        say(f"{waits.name}: a person answered {form.choice}")
        if form.choice != "by-hand":
            return True
    return False


async def _form(waits: Waiting, number: int, problem: str) -> Answer:
    key = f"{waits.id or waits.state}-{'by-hand' if waits.by_hand else 'asked'}-{number}"
    wanted = Answer.with_initial_data(description=_description(waits, problem), choice=_first(waits))
    found: Answer | None = await asuspend_flow_run(wait_for_input=wanted, key=key, timeout=ANSWER_WITHIN)
    if found is None:
        raise PersonNeeded(f"{waits.name} was resumed without an answer.", remedy="See `codexctl escalations list`.")
    return found


def _first(waits: Waiting) -> str:
    choices = offered(waits)
    return choices[0].name if choices else "defer"


def _description(waits: Waiting, problem: str) -> str:
    """What the form says, as Markdown: whatever others wrote is in a block of its own."""
    listed = "\n".join(f"- **{each.name}**: {each.does}" for each in offered(waits))
    owed = ", ".join(each.id for each in waits.owed)
    parts = [f"**{waits.name}** waits at *{waits.state}*.", _block(waits.reason), listed]
    parts += [f"Outstanding: {owed}"] * bool(owed) + [f"The last answer was not possible: {problem}"] * bool(problem)
    return "\n\n".join(parts)


def _block(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines() or [""])
