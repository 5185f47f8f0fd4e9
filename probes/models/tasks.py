"""What a checkpoint was saved to predict, read from its config.json alone: neither torch nor transformers is needed."""

import json
from pathlib import Path
from typing import Any, Literal

from probes.errors import StrataError
from probes.models import catalogue, fetch

Task = Literal["next", "masked"]
"""What is predicted: the token after each one, or the tokens that were masked."""

_SAYS: dict[Task, tuple[str, ...]] = {
    "next": ("ForCausalLM", "LMHeadModel"),
    "masked": ("ForMaskedLM", "ForPreTraining"),
}


def task_of(architectures: Any) -> Task | None:
    """Return what the class that a config.json names predicts; None when it is no language model."""
    name = str(architectures[0]) if isinstance(architectures, list | tuple) and architectures else ""
    return next((task for task, ends in _SAYS.items() if name.endswith(ends)), None)


def predicts(model: str, revision: str | None = None) -> bool:
    """Say whether a model can be asked to predict tokens; of one whose configuration is not at hand, only asking tells.

    Nothing is fetched.
    """
    values = _values(model, revision)
    return values is None or task_of(values.get("architectures")) is not None


def task_at(model: str, revision: str | None = None) -> Task | None:
    """Return what a model predicts; of one whose configuration is not at hand, next tokens. Nothing is fetched."""
    values = _values(model, revision)
    return "next" if values is None else task_of(values.get("architectures"))


def _values(model: str, revision: str | None) -> dict[str, Any] | None:
    try:
        path = _config(model, revision)
        values = json.loads(path.read_bytes()) if path is not None and path.is_file() else None
    except (OSError, ValueError, RecursionError, StrataError):
        return None
    return values if isinstance(values, dict) else None


def _config(model: str, revision: str | None) -> Path | None:
    if model in catalogue.names():
        return catalogue.entry(model).folder / "config.json"
    if (folder := fetch.own_folder(model)) is not None:
        return folder / "config.json"
    if not fetch.HUB_ID.fullmatch(model):
        return None
    import huggingface_hub  # on use: most models need no hub

    known = huggingface_hub.try_to_load_from_cache(model, "config.json", revision=revision)
    return Path(known) if isinstance(known, str) else None
