"""How Codex is deployed: the local Prefect server and worker, work pool, deployments, limits."""
