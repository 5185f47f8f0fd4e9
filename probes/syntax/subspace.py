"""The syntactic subspace as a file, and in one line of a notebook.

    from probes.syntax.subspace import load
    words = load("subspace.safetensors").project(states, "3")        # [word, width] -> [word, rank]

Distances between neighbouring rows of what comes back are what the probe reads splits from.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from probes import store
from probes.errors import StrataError
from probes.subspaces import Lent

if TYPE_CHECKING:
    from probes.syntax.analysis import SyntaxResult

_ARRAYS = ("basis", "center", "scale", "stretch")


@dataclass(frozen=True)
class Subspace:
    """The subspaces of all layers of one model, and the affine map that states go through first."""

    model: str
    layers: tuple[str, ...]
    basis: np.ndarray
    """[layer, width, rank]"""
    center: np.ndarray
    scale: np.ndarray
    stretch: np.ndarray
    """[layer, 1, rank]: how much each axis counts in a distance, as a logarithm."""

    def project(self, states: np.ndarray, layer: str) -> np.ndarray:
        """Return word states [word, width] of a layer in its subspace, [word, rank], axes weighed as the probe does.

        Raises StrataError E-LAYER-UNKNOWN for a layer that is not there, ValueError for states of another width.
        """
        if layer not in self.layers:
            choices = ", ".join(self.layers)
            raise StrataError("E-LAYER-UNKNOWN", f"There is no layer '{layer[:40]}'.", fix=f"Choose one of {choices}.")
        at = self.layers.index(layer)
        if states.ndim != 2 or states.shape[1] != self.basis.shape[1]:
            raise ValueError(f"States must be [word, {self.basis.shape[1]}]; got {list(states.shape)}.")
        z = (states - self.center[at]) * self.scale[at] @ self.basis[at]
        return np.asarray(z * np.exp(self.stretch[at]))


def of(result: "SyntaxResult") -> Subspace:
    """Return the subspaces that a run found."""
    return Subspace(result.source.model, result.layers, *(getattr(result, name) for name in _ARRAYS))


def lent(digest: str) -> Lent:
    """Return the subspaces of a stored syntax run, for other rooms; E-RUN-UNKNOWN for none, or of another version."""
    from probes.syntax.analysis import SyntaxResult, SyntaxSpec  # on use: a file is read without it

    again = "Train the probe again, then ask."
    _, found = store.finished(digest, SyntaxSpec, SyntaxResult, called="syntax run", again=again)
    words = f"the syntactic subspace of run {digest[:12]}"
    return Lent(words, found.source.weights, found.layers, of(found).project)


def to_bytes(result: "SyntaxResult") -> bytes:
    """Return a safetensors file of the subspaces; its header says of which model, weights, corpus and layers."""
    source = result.source
    about = {"model": source.model, "weights": source.weights, "corpus": source.corpus, "best": result.best}
    header = {**about, "layers": json.dumps(result.layers), "format": "strata-subspace-1"}
    return save({name: np.ascontiguousarray(getattr(result, name)) for name in _ARRAYS}, metadata=header)


def load(path: str | Path) -> Subspace:
    """Read a file written by `to_bytes`; refuses (E-SUBSPACE) what is not one."""
    try:
        with safe_open(str(path), framework="numpy") as file:
            header = file.metadata() or {}
            arrays = [file.get_tensor(name) for name in _ARRAYS]
            return Subspace(header["model"], tuple(json.loads(header["layers"])), *arrays)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        what = f"'{Path(path).name}' is not a subspace saved by Strata."
        raise StrataError("E-SUBSPACE", what, str(error)[:200], "Save one from the Syntax page.") from error


def syntactic(run: "SyntaxResult", layer: int, rank: int) -> np.ndarray:
    """Return orthonormal columns [width, rank] of what the probe of a layer sees.

    The probe reads `(h - center) * scale @ basis`, its axes weighed by `exp(stretch)`: of a lower rank than the run's,
    the directions that weigh most.
    """
    seen = np.broadcast_to(run.scale[layer], run.center[layer].shape)[:, None] * run.basis[layer].astype(np.float64)
    directions: np.ndarray = np.linalg.svd(seen * np.exp(run.stretch[layer]), full_matrices=False)[0]
    return directions[:, :rank]
