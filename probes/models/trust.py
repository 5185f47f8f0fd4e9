"""Which code beside which weights a person lets run: one repository at one commit, or one state of a folder's files.

Nothing is granted by default, and a grant is never wider than what was looked at: another commit asks again. The code
runs where the model is loaded, in the worker or in a person's own process, and never in the interface.
"""

import hashlib
import json
import os
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from probes import store
from probes.errors import StrataError
from probes.models import catalogue, fetch, vetting
from probes.models.fetch import Located
from probes.models.wheels import sha256_of

STATE = "code:"
"""What stands in place of a commit for a folder: this, and 40 hex digits over its Python files."""
_COMMIT = re.compile(r"(code:)?[0-9a-f]{40}")


@dataclass(frozen=True)
class CodeRequest:
    """Code that wants to run: whose, in which state, and its files with their sizes in bytes (none: not known)."""

    repo: str
    commit: str
    files: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        """Name the files as a sentence does."""
        return ", ".join(f"{name} ({size} bytes)" for name, size in self.files) or "files the hub could not list now"


@dataclass(frozen=True)
class Grant:
    """A person's word that code may run, and when it was given (seconds of the epoch)."""

    repo: str
    commit: str
    since: float


def pending(name: str, revision: str | None = None) -> CodeRequest | None:
    """Return the code a model wants to run and may not yet; None when it has none, or has a person's word.

    Of a hub model only the configuration is fetched for this. Raises StrataError when the model cannot be found.
    """
    if name in catalogue.names():
        return None
    path = fetch.own_folder(name)
    if path is None and fetch.HUB_ID.fullmatch(name):
        from probes.models import hub  # imports huggingface_hub, which a folder does not need

        path, commit = hub.snapshot(name, revision, offline=catalogue.hub_offline(), want=hub.CONFIG)
        located = Located(name, path, commit, repo=name)
    else:
        located = fetch.folder_of(name, revision)
    request = request_of(located)
    return None if request is None or allowed(request) else request


def granted(located: Located) -> CodeRequest | None:
    """Return the code of a model that may run, None when it has none; raises E-REMOTE-CODE when nobody allowed it."""
    request = request_of(located)
    if request is None or allowed(request):
        return request
    raise StrataError(
        "E-REMOTE-CODE",
        f"'{located.name[:200]}' wants to run its own code: {request}.",
        f"'auto_map' in {' and '.join(vetting.asks_for_code(located.path))} of {request.repo} at {request.commit} "
        "names it, and nobody has allowed it: it could do whatever you can.",
        f"Read those files; if you trust them: python -m probes models trust {request.repo} {request.commit}",
    )


def request_of(located: Located) -> CodeRequest | None:
    """Return the code a folder's configurations name, or None; refuses code that lies in yet another repository."""
    named = vetting.asks_for_code(located.path)
    if not named:
        return None
    for name in named:
        if "--" in json.dumps(vetting.read_json(located.path / name)["auto_map"]):
            what = f"'{located.name[:200]}' wants to run code of another repository ('auto_map' in {name})."
            raise StrataError("E-REMOTE-CODE", what, "No commit of that one is fixed.", "Copy the files beside it.")
    files = tuple(sorted(_python(located.path)))
    if not located.repo:
        return CodeRequest(str(located.path), STATE + _digest(located.path), files)
    return CodeRequest(located.repo, located.revision, files or _listed(located))


def _python(folder: Path) -> list[tuple[str, int]]:
    return [(p.relative_to(folder).as_posix(), p.stat().st_size) for p in folder.rglob("*.py")]


def _digest(folder: Path) -> str:
    files = sorted(folder.rglob("*.py"))
    facts = "".join(f"{file.relative_to(folder).as_posix()}\0{sha256_of(file)}\n" for file in files)
    return hashlib.sha256(facts.encode()).hexdigest()[:40]


def _listed(located: Located) -> tuple[tuple[str, int], ...]:
    if catalogue.hub_offline():
        return ()
    from probes.models import hub  # imports huggingface_hub

    try:
        return hub.code_files(located.repo, located.revision)
    except StrataError:  # the list is a courtesy
        return ()


def allowed(request: CodeRequest) -> bool:
    """Whether a person has given their word for exactly this."""
    return any((grant.repo, grant.commit) == (request.repo, request.commit) for grant in grants())


def grant(repo: str, commit: str) -> Grant:
    """Let the code of a repository at a whole commit (or a folder in one state) run from now on."""
    if not _COMMIT.fullmatch(commit):
        raise StrataError(
            "E-TRUST",
            f"'{commit[:80]}' is not a whole commit.",
            "A branch or a shortened commit may mean other code tomorrow.",
            "Give all 40 hexadecimal digits, or what the refusal to load the folder named.",
        )
    if not commit.startswith(STATE) and not fetch.HUB_ID.fullmatch(repo):
        raise StrataError("E-TRUST", f"'{repo[:200]}' is no hub repository.", fix="Give it as owner/model.")
    if commit.startswith(STATE):
        repo = str(store.confined(repo))
    new = Grant(repo, commit, time.time())
    with store.lock(_file()):
        _write([*(old for old in _read() if (old.repo, old.commit) != (repo, commit)), new])
    return new


def revoke(repo: str, commit: str | None = None) -> int:
    """Take the word back, for one commit or for all of a repository; return how many grants there were."""
    with store.lock(_file()):
        known = _read()
        kept = [g for g in known if g.repo != repo or commit not in (None, g.commit)]
        if len(kept) < len(known):
            _write(kept)
    return len(known) - len(kept)


def grants() -> tuple[Grant, ...]:
    """Return what may run, in the order it was granted."""
    return tuple(_read())


def _file() -> Path:
    return store.home() / "trust.json"


def _read() -> list[Grant]:
    """Read the grants; a file that is damaged, or that others may write, grants nothing."""
    try:
        if os.name == "posix" and _file().stat().st_mode & 0o022:
            raise StrataError("E-TRUST", f"{_file()} may be written by others.", fix="chmod 600 it.")
        return [Grant(**values) for values in json.loads(_file().read_bytes())["grants"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StrataError(
            "E-TRUST", f"{_file()} is damaged.", f"{error}"[:200], "Remove it and grant again."
        ) from error


def _write(kept: list[Grant]) -> None:
    part = _file().with_suffix(".part")
    with store.writing(_file()):
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        store.write_file(part, json.dumps({"schema": 1, "grants": [asdict(g) for g in kept]}, indent=1).encode())
        part.replace(_file())
