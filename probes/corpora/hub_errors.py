"""Why a dataset cannot be read, in words that say what to do: each cause has its own code."""

from collections.abc import Iterator
from contextlib import contextmanager

from probes.errors import StrataError

CAUSES = {
    "offline": (
        "E-HUB-OFFLINE",
        "The dataset '{}' is on the hub, which cannot be reached.",
        "Copy it where there is a network, hf download {} --repo-type dataset --local-dir FOLDER, and name "
        "that folder, hub:/path/to/FOLDER. With HF_HUB_OFFLINE=1 no hub is ever asked.",
    ),
    "script": (
        "E-HUB-SCRIPT",
        "The dataset '{}' is a program (a loading script), and Strata runs none.",
        "Look for a copy in Parquet on its page, or save it as Parquet, CSV or JSONL and name table:FILE.",
    ),
    "unknown": (
        "E-HUB-UNKNOWN",
        "There is no dataset '{}' that you may read.",
        "Check its name, or log in: hf auth login.",
    ),
    "gated": ("E-HUB-GATED", "The dataset '{}' asks its readers to agree first.", "Agree on its page; hf auth login."),
    "config": ("E-HUB-CONFIG", "Which part of '{}' is not said, or is not there.", "Name one: ?config=NAME"),
    "empty": ("E-CORPUS-EMPTY", "'{}' holds no data file.", "Name a folder with CSV, JSONL, Parquet or text files."),
    "format": ("E-HUB-FORMAT", "'{}' holds no table of texts.", "Save its texts as Parquet, CSV or JSONL."),
    "read": (
        "E-HUB-READ",
        "The dataset '{}' cannot be read.",
        "Check its files, or save it as Parquet and name table:FILE.",
    ),
}
"""Cause → code, what, and what to do; the dataset's name goes into both."""


def wrong(cause: str, name: str, why: str = "") -> StrataError:
    """Return the refusal for a cause."""
    code, what, fix = CAUSES[cause]
    return StrataError(code, what.format(name), why, fix.format(name))


@contextmanager
def refusing(name: str) -> Iterator[None]:
    """Turn what `datasets` and the hub raise into a refusal; errors of ours pass."""
    try:
        yield
    except StrataError:
        raise
    except Exception as error:  # datasets raises whatever its readers and the network do
        said = " ".join(str(error).split())
        raise wrong(_cause(error, said), name, said[:300]) from error


def _cause(error: BaseException, said: str) -> str:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "scripts are no longer supported" in said:
        return "script"
    if "gated" in said.lower() or "GatedRepoError" in kinds:
        return "gated"
    if "EmptyDatasetError" in kinds:
        return "empty"
    if kinds & {"DatasetNotFoundError", "RepositoryNotFoundError", "RevisionNotFoundError"}:
        return "unknown"
    if kinds & {"ConnectionError", "OfflineModeIsEnabled", "ConnectError", "TimeoutException", "TimeoutError"}:
        return "offline"
    missing = "Config name is missing" in said or ("BuilderConfig" in said and "not found" in said)
    return "config" if missing else "read"
