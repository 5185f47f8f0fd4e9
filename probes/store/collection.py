"""What a person gathers for a paper: figures of runs, by digest and name, in one small file of the store."""

import json
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probes.errors import StrataError
from probes.store.folders import home, lock, set_aside, sync, write_file, writing

TITLE = "Paper bundle"
MOST = 200
"""Figures one bundle can hold: a paper has fewer, and the file stays small."""
_DIGEST = re.compile(r"[0-9a-f]{32}")
_FIGURE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Collection:
    """A title, and the figures gathered under it as (digest, figure), in the order they came."""

    title: str = TITLE
    items: tuple[tuple[str, str], ...] = ()


def _path() -> Path:
    return home() / "bundle.json"


def collected() -> Collection:
    """Return what was gathered; a file that is damaged is set aside, and nothing was."""
    try:
        return _read(json.loads(_path().read_bytes()))
    except FileNotFoundError:
        return Collection()
    except (OSError, ValueError, KeyError, TypeError) as error:
        set_aside(_path(), str(error))
        return Collection()


def _read(whole: dict[str, Any]) -> Collection:
    items = tuple((str(item["digest"]), str(item["figure"])) for item in whole["items"])
    title = str(whole["title"])
    if len(items) > MOST or len(title) > 200 or not all(map(_valid, items)):
        raise ValueError("it holds something that is no figure of a run")
    return Collection(title, tuple(dict.fromkeys(items)))


def _valid(item: tuple[str, str]) -> bool:
    return bool(_DIGEST.fullmatch(item[0]) and _FIGURE.fullmatch(item[1]))


def collect(digest: str, figure: str) -> Collection:
    """Add a figure of a run, once; raises StrataError E-BUNDLE when it cannot be one, or is one too many."""
    if not _valid((digest, figure)):
        raise StrataError("E-BUNDLE", f"'{digest[:40]}', '{figure[:40]}' is no figure of a run.")
    return _change(lambda have: Collection(have.title, tuple(dict.fromkeys((*have.items, (digest, figure))))))


def drop(digest: str, figure: str) -> Collection:
    """Take a figure out again; one that is not in it changes nothing."""
    return _change(lambda have: Collection(have.title, tuple(i for i in have.items if i != (digest, figure))))


def entitle(title: str) -> Collection:
    """Name the bundle; without a name it goes by the usual one."""
    return _change(lambda have: Collection(title.strip()[:200] or TITLE, have.items))


def empty() -> Collection:
    """Start again: nothing gathered, the usual name."""
    return _change(lambda _have: Collection())


def _change(make: Any) -> Collection:
    path = _path()
    with lock(path):  # two tabs may add at once
        new: Collection = make(collected())
        if len(new.items) > MOST:
            raise StrataError(
                "E-BUNDLE", f"A bundle holds {MOST} figures at most.", fix="Remove some, or start another."
            )
        items = [{"digest": digest, "figure": figure} for digest, figure in new.items]
        part = path.with_name(f".part-{uuid.uuid4().hex}")
        with writing(path):
            write_file(part, json.dumps({"title": new.title, "items": items}, indent=1).encode())
            part.replace(path)
            sync(path.parent)
    return new
