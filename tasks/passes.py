"""The seven passes as Prefect tasks: each runs one pass of the engine and returns a reference to what came of it.

Nothing is retried or cached by Prefect: what a call has cost, and whether it is made again, is the journal's matter.
"""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from codex.passes.engine import run_pass
from codex.passes.outcomes import PassResult
from tasks.runtime import current


@task(cache_policy=NO_CACHE, persist_result=False)
async def _run(subject: str, pass_name: str, attempt: int, unit: str | None = None) -> PassResult:
    """Run one pass of a subject, or one unit of its production.

    ``attempt`` is there for the task run's name; the engine counts by itself. Raises what ``run_pass`` raises.
    """
    run = current()
    what = short_name(pass_name, unit)
    return await run_pass(
        run.workspace,
        run.services,
        subject,
        pass_name,
        unit=unit,
        owner=run.owner,
        progress=lambda line: run.tell(what, line),
    )


def short_name(pass_name: str, unit: str | None = None) -> str:
    """A pass, or one unit of it, as people read it: ``P4 production 03.09.03``."""
    return " ".join([*pass_name.split("_", 1), *([unit] if unit else [])])


audit = _run.with_options(name="P1 audit", task_run_name="P1 audit (attempt {attempt})")
gap = _run.with_options(name="P2 gap", task_run_name="P2 gap (attempt {attempt})")
plan = _run.with_options(name="P3 plan", task_run_name="P3 plan (attempt {attempt})")
produce_unit = _run.with_options(name="P4 production", task_run_name="P4 production {unit} (attempt {attempt})")
batch = _run.with_options(name="P4 production", task_run_name="P4 production: batch (attempt {attempt})")
verify = _run.with_options(name="P5 verification", task_run_name="P5 verification (attempt {attempt})")
weave = _run.with_options(name="PW weaving", task_run_name="PW weaving (attempt {attempt})")
continuity = _run.with_options(name="PV continuity", task_run_name="PV continuity (attempt {attempt})")

#: Pass of the transition table → its task.
TASKS = {
    "P1_audit": audit,
    "P2_gap": gap,
    "P3_plan": plan,
    "P4_production": produce_unit,
    "P5_verification": verify,
    "PW_weaving": weave,
    "PV_continuity": continuity,
}
