"""The Hugging Face hub, asked only for files that cannot run: configurations, tokenizers and safetensors."""

from difflib import get_close_matches
from pathlib import Path

import huggingface_hub
from huggingface_hub import errors

from probes import store
from probes.errors import StrataError

WANTED = ["*.json", "*.safetensors", "*.txt", "*.model"]
UNWANTED = ["*/*", "*.bin.index.json"]  # sub-folders hold exports for other runtimes
_TRANSPORT: type[Exception] = getattr(errors, "HTTPError", OSError)
"""What the hub's client raises for a dead line: the base class of its HTTP library, which changed its name before."""
PATIENCE = 8.0  # seconds until a silent hub counts as not reachable


def snapshot(hub_id: str, revision: str | None, *, offline: bool) -> tuple[Path, str]:
    """Return the folder and the commit of a hub model; what is in the local cache is used without asking the hub."""
    try:
        path = Path(huggingface_hub.snapshot_download(hub_id, revision=revision, local_files_only=True))
        if offline or _whole(path):
            return path, path.name
    except (errors.LocalEntryNotFoundError, FileNotFoundError, ValueError):
        if offline:
            raise StrataError(
                "E-HUB-OFFLINE",
                f"'{hub_id}' is not in the local hub cache, and the hub is switched off (HF_HUB_OFFLINE).",
                fix=f"Unset HF_HUB_OFFLINE, or load one of the models that need no hub: {_others(hub_id)}.",
            ) from None
    return _download(hub_id, revision)


def _whole(path: Path) -> bool:
    weights = (path / "model.safetensors", path / "model.safetensors.index.json")
    return (path / "config.json").exists() and any(w.exists() for w in weights)


def _download(hub_id: str, revision: str | None) -> tuple[Path, str]:
    try:
        info = huggingface_hub.HfApi().model_info(hub_id, revision=revision, timeout=PATIENCE)
        names = [f.rfilename for f in info.siblings or []]
        if not any(n.endswith(".safetensors") and "/" not in n for n in names):
            _refuse(hub_id, names)
        with store.writing(Path(huggingface_hub.constants.HF_HUB_CACHE)):
            path = huggingface_hub.snapshot_download(
                hub_id, revision=info.sha, allow_patterns=WANTED, ignore_patterns=UNWANTED, etag_timeout=PATIENCE
            )
    except errors.GatedRepoError as error:
        raise StrataError(
            "E-HUB-GATED",
            f"'{hub_id}' is gated.",
            "Its owner asks who you are.",
            "Accept its terms and run 'hf auth login'.",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise StrataError("E-HUB-REVISION", f"'{hub_id}' has no revision '{revision}'.") from error
    except errors.RepositoryNotFoundError as error:
        raise StrataError(
            "E-HUB-UNKNOWN",
            f"The hub has no model '{hub_id}', or it is private.",
            fix="Check the spelling, or 'hf auth login'.",
        ) from error
    except (_TRANSPORT, OSError, ValueError) as error:
        raise StrataError(
            "E-HUB-UNREACHABLE",
            f"'{hub_id}' is not on this machine, and the hub cannot be reached.",
            f"{type(error).__name__}: {error}"[:200],
            f"Try again with a network, give a folder, or load one of {_others(hub_id)}.",
        ) from error
    return Path(path), str(info.sha)


def _refuse(hub_id: str, names: list[str]) -> None:
    pickles = [n for n in names if n.endswith((".bin", ".pt", ".pth", ".ckpt"))]
    if pickles:
        raise StrataError(
            "E-LOAD-PICKLE",
            f"'{hub_id}' has its weights only as a pickle ({', '.join(pickles[:3])}).",
            "Opening a pickle can run any code, so Strata does not.",
            "Choose a revision with safetensors (many models have one under refs/pr/…).",
        )
    raise StrataError("E-LOAD-WEIGHTS", f"'{hub_id}' holds no safetensors.")


def _others(hub_id: str) -> str:
    from probes.models import catalogue

    near = [e.name for e in catalogue.entries().values() if get_close_matches(hub_id, [e.hub], n=1, cutoff=0.8)]
    return ", ".join(near or catalogue.names())
