"""The models of the papers: `data/presets.toml`, and which of them can be had from here, told without waiting.

Their weights are on a hub, so whether one can be loaded depends on the local hub cache, on what the person allows
(HF_HUB_OFFLINE), and on whether the hub answers, which is asked in the background.
"""

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import pandas as pd

from probes.models import reach
from probes.models.catalogue import hub_offline

PRESETS = Path(__file__).parents[2] / "data" / "presets.toml"


@dataclass(frozen=True)
class Preset:
    """A published model: where it is, how large it is, and what it is for."""

    hub: str
    title: str
    family: str
    parameters: int
    """What is loaded: of an encoder-decoder the encoder, of a language model all but its output layer."""
    layers: int
    width: int
    vocabulary: int
    licence: str
    weights: Literal["safetensors", "bin"]
    """How they are published; "bin" is a pickle, which is converted once before it can be loaded."""
    role: str
    gated: bool = False
    """Whether its owner wants terms accepted first."""


@cache
def presets() -> dict[str, Preset]:
    """Return every preset by its hub id, in the order of the file."""
    tables = tomllib.loads(PRESETS.read_text("utf-8"))
    return {hub: Preset(hub=hub, **values) for hub, values in tables.items()}


def hub_cache() -> Path:
    """Return where the hub's client keeps what it fetched, by its own rules."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(named).expanduser()
    above = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("HF_HOME") or f"{above}/huggingface").expanduser() / "hub"


def folder(hub_id: str) -> Path | None:
    """Return a commit of that model with its configuration in the local hub cache, the newest; None without one."""
    found = (hub_cache() / f"models--{hub_id.replace('/', '--')}").glob("snapshots/*/config.json")
    return max((path.parent for path in found), key=lambda path: path.stat().st_mtime, default=None)


def cached(hub_id: str) -> bool:
    """Whether a commit of that model is in the local hub cache."""
    return folder(hub_id) is not None


def obstacle(preset: Preset) -> str:
    """Say why a preset cannot be fetched now; nothing when it can, or is here already. Never waits for a network."""
    if cached(preset.hub):
        return ""
    if hub_offline():
        return "the hub is switched off (HF_HUB_OFFLINE)"
    return reach.obstacle()


def table() -> pd.DataFrame:
    """Return the presets as a person reads them, one row each; `obstacle` is empty where nothing stands in the way."""
    rows = [
        {
            "model": p.title,
            "hub id": p.hub,
            "parameters": f"{p.parameters / 1e6:,.0f} M",
            "layers × width": f"{p.layers} × {p.width}",
            "licence": p.licence,
            "weights": _published(p),
            "for": p.role,
            "obstacle": obstacle(p),
        }
        for p in presets().values()
    ]
    return pd.DataFrame(rows)


def _published(preset: Preset) -> str:
    return f"{'.bin, converted once' if preset.weights == 'bin' else 'safetensors'}{', gated' if preset.gated else ''}"
