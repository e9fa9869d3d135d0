"""Register the work pool, the integrators' limit and the deployments of prefect.yaml with a Prefect server.

The only module here that imports Prefect; ``environment.prepare`` comes before it.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.templating import apply_values
from prefect.workers.process import ProcessWorker

from deployments.worker import POOL
from tasks.limits import ensure_limit, limit_name

_SCHEDULE_KEYS = ("interval", "cron", "rrule", "anchor_date", "timezone", "day_or")


async def register(root: Path, campaign: str) -> list[str]:
    """Make or bring up to date what runs of the workspace at ``root`` need; returns the names of the deployments."""
    async with get_client() as client:
        await _ensure_pool(client)
        await ensure_limit(limit_name(campaign))
        return [await _deploy(client, each) for each in read_deployments(root)]


def read_deployments(root: Path) -> list[dict[str, Any]]:
    """The deployments of prefect.yaml, filled in with the workspace at ``root``."""
    text = resources.files("deployments").joinpath("prefect.yaml").read_text("utf-8")
    document = yaml.safe_load(text.replace("{{ $CODEX_WORKSPACE }}", "{{ workspace }}"))
    found: list[dict[str, Any]] = apply_values(document["deployments"], {"workspace": str(root)})
    return found


async def _ensure_pool(client: PrefectClient) -> None:
    pool = WorkPoolCreate(name=POOL, type="process", base_job_template=ProcessWorker.get_default_base_job_template())
    try:
        await client.create_work_pool(pool)
    except ObjectAlreadyExists:
        return


async def _deploy(client: PrefectClient, wanted: dict[str, Any]) -> str:
    flow: Flow[..., Any] = load_flow_from_entrypoint(wanted["entrypoint"])
    name = f"{flow.name}/{wanted['name']}"
    deployment = RunnerDeployment.from_flow(
        flow,
        wanted["name"],
        schedules=[_schedule(each) for each in wanted.get("schedules", ())],
        paused=await _paused(client, name, at_first=wanted.get("paused", False)),
        concurrency_limit=ConcurrencyLimitConfig.model_validate(wanted["concurrency_limit"]),
        parameters=wanted["parameters"],
        description=wanted["description"],
        tags=wanted["tags"],
        work_pool_name=wanted["work_pool"]["name"],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    await deployment.aapply()
    return name


async def _paused(client: PrefectClient, name: str, *, at_first: bool) -> bool:
    """As somebody has set it; ``at_first`` for a deployment that is new."""
    try:
        return bool((await client.read_deployment_by_name(name)).paused)
    except ObjectNotFound:
        return at_first


def _schedule(wanted: dict[str, Any]) -> DeploymentScheduleCreate:
    rest = {key: value for key, value in wanted.items() if key not in _SCHEDULE_KEYS}
    schedule = {key: wanted[key] for key in _SCHEDULE_KEYS if key in wanted}
    return DeploymentScheduleCreate.model_validate({"schedule": schedule, **rest})
