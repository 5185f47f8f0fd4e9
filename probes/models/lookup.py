"""A hub model's config.json, and nothing else of it: enough to say how large the model is before it is fetched."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import errors

from probes.errors import StrataError
from probes.models.catalogue import hub_offline, names

PATIENCE = 8.0  # seconds until a silent hub counts as not reachable
LIMIT = 16 << 20  # bytes of a config.json
_TRANSPORT: type[Exception] = getattr(errors, "HTTPError", OSError)
"""What the hub's client raises for a dead line: the base class of its HTTP library, which changed its name before."""


def config(hub_id: str, revision: str | None) -> dict[str, Any]:
    """Return the values of a hub model's config.json, from the local cache if it is there; each failure is named."""
    known = huggingface_hub.try_to_load_from_cache(hub_id, "config.json", revision=revision)
    if isinstance(known, str):
        return _values(Path(known), hub_id)
    if hub_offline():
        raise StrataError(
            "E-HUB-OFFLINE",
            f"'{hub_id}' is not in the local hub cache, and the hub is switched off (HF_HUB_OFFLINE).",
            fix=f"Unset HF_HUB_OFFLINE, or choose one of the models that need no hub: {', '.join(names())}.",
        )
    with _explained(hub_id, revision):
        path = huggingface_hub.hf_hub_download(hub_id, "config.json", revision=revision, etag_timeout=PATIENCE)
    return _values(Path(path), hub_id)


def _values(path: Path, hub_id: str) -> dict[str, Any]:
    try:
        if path.stat().st_size > LIMIT:
            raise ValueError(f"it is larger than {LIMIT >> 20} MB")
        found = json.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise ValueError("it is not a JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise StrataError(
            "E-LOAD-CONFIG", f"The config.json of '{hub_id}' cannot be read.", f"{error}"[:200]
        ) from error
    if found.get("auto_map"):
        raise StrataError(
            "E-REMOTE-CODE",
            f"'{hub_id}' wants to run its own code ('auto_map' in config.json).",
            "Its size cannot be counted without that code.",
            "Read the code first; what may run is decided per repository and commit.",
        )
    return found


@contextmanager
def _explained(hub_id: str, revision: str | None) -> Iterator[None]:
    """Give each way a hub can fail its own message."""
    try:
        yield
    except errors.GatedRepoError as error:
        raise StrataError(
            "E-HUB-GATED",
            f"'{hub_id}' is gated.",
            "Its owner asks who you are.",
            "Accept its terms on its page and run 'hf auth login'.",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise StrataError("E-HUB-REVISION", f"'{hub_id}' has no revision '{revision}'.") from error
    except errors.RepositoryNotFoundError as error:
        what = f"The hub has no model '{hub_id}', or it is private."
        raise StrataError("E-HUB-UNKNOWN", what, fix="Check the spelling, or 'hf auth login'.") from error
    except errors.EntryNotFoundError as error:
        raise StrataError(
            "E-LOAD-CONFIG", f"'{hub_id}' has no config.json.", "It is not a transformers model."
        ) from error
    except (_TRANSPORT, OSError, ValueError) as error:
        raise StrataError(
            "E-HUB-UNREACHABLE",
            f"'{hub_id}' is not on this machine, and the hub cannot be reached.",
            f"{type(error).__name__}: {error}"[:200],
            f"Try again with a network, give a folder, or choose one of {', '.join(names())}.",
        ) from error
