"""From the tables of a grid file to its questions: scalars are fixed, every list is an axis."""

import itertools
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

import pandas as pd

from probes import store
from probes.analyses import find, parse
from probes.contract import Spec
from probes.errors import StrataError, did_you_mean
from probes.models.choice import ReadsModel

MOST = 10_000
"""Questions in one grid: more is a slip of the pen."""
_SHARED = (*ReadsModel.model_fields, "corpus", "language")
"""The fields that decide which states are read, as far as one can tell from outside; the rest is asked of them."""


def read(path: str | Path) -> list[Spec]:
    """Return the questions of a grid file; raises StrataError E-GRID, or E-SPEC naming the field that is wrong."""
    try:
        tables = tomllib.loads(Path(path).expanduser().read_text("utf-8"))
    except OSError as error:
        raise StrataError("E-GRID", f"'{path}' cannot be read.", str(error.strerror)) from error
    except ValueError as error:  # TOML's own, or bytes that are no text
        raise StrataError("E-GRID", f"'{path}' is no TOML file.", str(error)) from error
    return expand(tables)


def expand(tables: Mapping[str, Any]) -> list[Spec]:
    """Return the questions of a grid, each once, in the order in which they are best asked."""
    grids = tables.get("grid")
    if not isinstance(grids, list) or not grids or not all(isinstance(grid, dict) for grid in grids):
        raise StrataError("E-GRID", "The grid holds no question.", "It has no [[grid]] table.", "Write at least one.")
    _known(set(tables), {"kind", "grid"}, "a grid file")
    specs = [spec for grid in grids for spec in _product({"kind": tables.get("kind"), **grid})]
    return list({spec.digest: spec for spec in sorted(specs, key=shared)}.values())


def _known(given: set[str], names: Iterable[str], of_what: str) -> None:
    names = list(names)
    for name in sorted(given - set(names)):
        hint = did_you_mean(name, names)
        raise StrataError("E-GRID", f"'{name[:60]}' is no field of {of_what}.", hint, f"There are: {', '.join(names)}.")


def _product(grid: dict[str, Any]) -> list[Spec]:
    kind = grid.pop("kind")
    if not isinstance(kind, str):
        raise StrataError("E-GRID", "The grid does not say what to ask.", fix='Write kind = "syntax" at its top.')
    fields = find(kind).spec.model_fields
    _known(set(grid), fields, f"a question '{kind}'")
    axes = {name: _values(value, get_origin(fields[name].annotation)) for name, value in grid.items()}
    if empty := [name for name, values in axes.items() if not values]:
        raise StrataError("E-GRID", f"The axis '{empty[0]}' is empty.", fix="Give it a value, or leave it out.")
    if (count := math.prod(map(len, axes.values()))) > MOST:
        raise StrataError("E-GRID", f"This grid asks {count:,} questions; at most {MOST:,} are asked at once.")
    return [parse(kind, dict(zip(axes, values, strict=True))) for values in itertools.product(*axes.values())]


def _values(value: Any, origin: Any) -> list[Any]:
    """Return the values along an axis; for a field that is itself a list, only a list of lists is one."""
    whole = origin is tuple and not (isinstance(value, list) and all(isinstance(v, list) for v in value))
    return value if isinstance(value, list) and not whole else [value]


def shared(spec: Spec) -> tuple[str, ...]:
    """Return what decides, as far as one can tell from outside, which states a question reads."""
    return tuple(str(getattr(spec, name, "")) for name in _SHARED)


def answered(spec: Spec) -> bool:
    """Say whether the store has the answer."""
    try:
        return store.asked(spec.pinned().digest) is not None
    except StrataError:  # a model or corpus that is not there is found out when it is asked
        return False


def axes(specs: Sequence[Spec]) -> pd.DataFrame:
    """Return one row a question, with a column for each field in which they differ."""
    asked = pd.DataFrame([{"kind": spec.kind, **spec.model_dump(mode="json")} for spec in specs])
    differ = [name for name in asked if asked[name].astype(str).nunique(dropna=False) > 1]
    return asked[differ or ["kind"]]
