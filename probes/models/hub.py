"""The Hugging Face hub, asked only for what is wanted: files that cannot run, unless a person has said otherwise."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import errors

from probes.errors import StrataError

PICKLES = (".bin", ".pt", ".pth", ".ckpt")
_TRANSPORT: type[Exception] = getattr(errors, "HTTPError", OSError)
"""What the hub's client raises for a dead line: the base class of its HTTP library, which changed its name before."""
PATIENCE = 8.0  # seconds until a silent hub counts as not reachable


@dataclass(frozen=True)
class Want:
    """Which files of a repository are fetched, and which of them make a cached copy whole (one of `weights`)."""

    config: str
    weights: tuple[str, ...]
    patterns: tuple[str, ...]

    def whole(self, path: Path) -> bool:
        """Whether a folder holds what is wanted."""
        return (path / self.config).exists() and (not self.weights or any((path / w).exists() for w in self.weights))


TEXTS = ("*.json", "*.txt", "*.model")
MODEL = Want("config.json", ("model.safetensors", "model.safetensors.index.json"), (*TEXTS, "*.safetensors"))
PICKLED = Want("config.json", ("pytorch_model.bin", "pytorch_model.bin.index.json"), (*TEXTS, "pytorch_model*.bin"))
ADAPTER = Want("adapter_config.json", ("adapter_model.safetensors",), ("adapter_*.json", "adapter_*.safetensors"))
CONFIG = Want("config.json", (), ("config.json", "tokenizer_config.json"))
UNWANTED = ["*/*"]  # sub-folders hold exports for other runtimes


def snapshot(hub_id: str, revision: str | None, *, offline: bool, want: Want = MODEL) -> tuple[Path, str]:
    """Return the folder and the commit of a hub model; what is in the local cache is used without asking the hub."""
    try:
        path = Path(huggingface_hub.snapshot_download(hub_id, revision=revision, local_files_only=True))
        if offline or want.whole(path) or (want is MODEL and PICKLED.whole(path)):  # a pickle may be converted by now
            return path, path.name
    except (errors.LocalEntryNotFoundError, FileNotFoundError, ValueError):
        if offline:
            raise StrataError(
                "E-HUB-OFFLINE",
                f"'{hub_id}' is not in the local hub cache, and the hub is switched off (HF_HUB_OFFLINE).",
                f"{want.config} of it is wanted, and {' or '.join(want.weights) or 'no weights'}.",
                f"Unset HF_HUB_OFFLINE, or load one of the models that need no hub: {_others(hub_id)}.",
            ) from None
    return _download(hub_id, revision, want)


def _download(hub_id: str, revision: str | None, want: Want) -> tuple[Path, str]:
    with _explained(hub_id, revision):
        info = _info(hub_id, revision)
        names = [f.rfilename for f in info.siblings or []]
        ends = {Path(w).suffix for w in want.weights if not w.endswith(".json")}
        if want is PICKLED and any(n in MODEL.weights for n in names):
            raise StrataError("E-CONVERT", f"'{hub_id}' has safetensors.", "There is nothing to convert.", "Load it.")
        if ends and not any(n.endswith(tuple(ends)) and "/" not in n for n in names):
            _refuse(hub_id, names, want)
        options: dict[str, Any] = {"allow_patterns": list(want.patterns), "ignore_patterns": UNWANTED}
        path = huggingface_hub.snapshot_download(hub_id, revision=info.sha, etag_timeout=PATIENCE, **options)
    return Path(path), str(info.sha)


def code(hub_id: str, commit: str) -> Path:
    """Fetch the Python files of one commit: the caller knows that a person has granted them."""
    with _explained(hub_id, commit):
        options: dict[str, Any] = {"allow_patterns": ["*.py"], "ignore_patterns": UNWANTED}
        return Path(huggingface_hub.snapshot_download(hub_id, revision=commit, etag_timeout=PATIENCE, **options))


def code_files(hub_id: str, commit: str) -> tuple[tuple[str, int], ...]:
    """Return the names and sizes of the Python files of a commit, without fetching them."""
    with _explained(hub_id, commit):
        info = _info(hub_id, commit, files_metadata=True)
        named = [(f.rfilename, int(f.size or 0)) for f in info.siblings or [] if f.rfilename.endswith(".py")]
    return tuple(sorted(named))


def _info(hub_id: str, revision: str | None, **asked: Any) -> Any:
    return huggingface_hub.HfApi().model_info(hub_id, revision=revision, timeout=PATIENCE, **asked)


@contextmanager
def _explained(hub_id: str, revision: str | None) -> Iterator[None]:
    """Turn each way a hub can refuse into a message of its own."""
    try:
        yield
    except errors.GatedRepoError as error:
        fix = "Accept its terms and run 'hf auth login'."
        raise StrataError("E-HUB-GATED", f"'{hub_id}' is gated.", "Its owner asks who you are.", fix) from error
    except errors.RevisionNotFoundError as error:
        raise StrataError("E-HUB-REVISION", f"'{hub_id}' has no revision '{revision}'.") from error
    except errors.RepositoryNotFoundError as error:
        what, near = f"The hub has no model '{hub_id}', or it is private.", _near(hub_id)
        fix = "Check the spelling, or 'hf auth login'."
        raise StrataError("E-HUB-UNKNOWN", what, f"'{near[0]}' is of the catalogue." if near else "", fix) from error
    except (_TRANSPORT, OSError, ValueError) as error:
        raise _broken(hub_id, error) from error


def _broken(hub_id: str, error: Exception) -> StrataError:
    """Tell a full disk, a hub that is ill, one that has had enough of us, and one that cannot be reached."""
    said = f"{type(error).__name__}: {error}"[:200]
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        what = f"The disk is full: '{hub_id}' could not be fetched whole into {huggingface_hub.constants.HF_HUB_CACHE}."
        return StrataError("E-STORE-FULL", what, "What was fetched stays.", "Free some space, or move HF_HOME.")
    status = int(getattr(getattr(error, "response", None), "status_code", 0) or 0)
    if status >= 500:
        return StrataError("E-HUB-DOWN", f"The hub answered '{hub_id}' with an error ({status}).", said, "Try later.")
    if status == 429:
        return StrataError("E-HUB-BUSY", f"The hub has had too many requests from here ({hub_id}).", said, "Wait.")
    if status in {401, 403}:
        return StrataError("E-HUB-DENIED", f"The hub does not give you '{hub_id}'.", said, "Run 'hf auth login'.")
    return StrataError(
        "E-HUB-UNREACHABLE",
        f"'{hub_id}' is not on this machine, and the hub cannot be reached.",
        said,
        f"Try again with a network, give a folder, or load one of {_others(hub_id)}.",
    )


def _refuse(hub_id: str, names: list[str], want: Want) -> None:
    pickles = [n for n in names if n.endswith(PICKLES) and "/" not in n]
    again = f"Convert it once, apart from everything else: python -m probes models convert {hub_id}"
    if pickles:
        raise StrataError(
            "E-LOAD-PICKLE",
            f"'{hub_id}' has its weights only as a pickle ({', '.join(pickles[:3])}).",
            "Opening a pickle can run any code, so Strata does not.",
            again if want is MODEL else "Ask its author for safetensors.",
        )
    raise StrataError("E-LOAD-WEIGHTS", f"'{hub_id}' holds no safetensors.")


def _near(hub_id: str) -> list[str]:
    from probes.models import catalogue

    entries = {entry.hub: entry.name for entry in catalogue.entries().values()}
    return [entries[hub] for hub in get_close_matches(hub_id, entries, n=1, cutoff=0.8)]


def _others(hub_id: str) -> str:
    from probes.models import catalogue

    return ", ".join(_near(hub_id) or catalogue.names())
