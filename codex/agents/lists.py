"""Lists as JSON that come with the package, and those of a workspace that go before them (models.json, prices.json)."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from codex.errors import StorageError
from codex.snapshot import decoded


def shipped_list(name: str) -> tuple[str, str]:
    """The text of the list that comes with the package, and how errors call it."""
    return resources.files("manifests").joinpath(name).read_text("utf-8"), f"manifests/{name}"


def own_list(override: Path | None) -> tuple[str, str] | None:
    """The same of a workspace's own list; None where there is none. Raises NotText, or StorageError if unreadable."""
    try:
        return None if override is None else (decoded(str(override), override.read_bytes()), str(override))
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise StorageError(f"{override} cannot be read: {exc.strerror}.", remedy="Check its permissions.") from exc
