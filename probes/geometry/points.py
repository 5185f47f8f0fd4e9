"""Points of a cloud: what each is, and where its vectors are at every layer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from probes.contract import Progress
from probes.errors import StrataError
from probes.store import States
from probes.values import Source

FEWEST = 24
"""Points below which nothing is measured."""
_BLOCK, _LOOK = 65_536, 1024


def distinct(rows: np.ndarray, enough: int) -> int:
    """Return how many different rows [row, width] there are, but no more than `enough`; a block is looked at a time."""
    known: list[np.ndarray] = []
    for first in range(0, len(rows), _LOOK):
        block = np.asarray(rows[first : first + _LOOK])
        for one in known:
            block = block[(block != one).any(1)]
        while len(block) and len(known) < enough:
            known.append(block[0])
            block = block[(block != block[0]).any(1)]
        if len(known) == enough:
            break
    return len(known)


@dataclass(frozen=True)
class Points:
    """Points in corpus order, and where their states are."""

    frame: pd.DataFrame
    """One row a point: word, before, after, kind, type, place (in its text), origin, text (its number); then, of a
    matrix, the columns of its file."""
    texts: tuple[str, ...]
    states: "States | Mapping[str, np.ndarray]"
    layers: tuple[str, ...]
    depth: int | str
    rows: np.ndarray
    """Which rows of the states the points are, in rising order."""
    source: Source
    left_out: dict[str, int]
    unit: str

    def at(self, layer: str) -> np.ndarray:
        """Return float32 [point, width], mapped from its file when all of it is asked for; E-STATES-NAN when unsound.

        A layer is unsound when it holds NaN, infinite numbers or only zeros.
        """
        states = self.states
        found = states.at(layer) if isinstance(states, States) else states[layer]
        rows = found if len(self.rows) == len(found) else np.asarray(found)[self.rows]
        if rows.dtype != np.float32:
            with np.errstate(over="ignore"):  # too large for float32 is infinite, and refused below
                rows = np.asarray(rows, np.float32)
        bad, some = None, False
        for first in range(0, len(rows), _BLOCK):
            block = rows[first : first + _BLOCK]
            wrong = np.flatnonzero(~np.isfinite(block).all(1))
            bad = first + int(wrong[0]) if wrong.size and bad is None else bad
            some = some or bool(block.any())
        if bad is not None or not some:
            raise self._unsound(layer, bad)
        return rows

    def several(
        self,
        need: int,
        flat: dict[str, int],
        progress: Progress,
        doing: str,
        sides: "Sequence[np.ndarray | slice]" = (slice(None),),
    ) -> Iterator[tuple[int, str, np.ndarray]]:
        """Yield each layer of which `need` points differ on each side: its number among these, its name and its rows.

        Of any other it goes into `flat` how many do: of points that are all the same nothing can be said. Layer 0 of an
        encoder has one state for the first token of every text.
        """
        for done, layer in enumerate(self.layers):
            progress.report(done, len(self.layers), f"{doing} layer {layer}")
            rows = self.at(layer)
            found = min(distinct(rows[side], need) for side in sides)
            if found < need:
                flat[layer] = found
            else:
                yield done - len(flat), layer, rows

    def without(self, flat: Mapping[str, int], need: int, what: str) -> "Points":
        """Return the points without some layers, which a note names; E-CLOUD-POINT when none is left.

        `flat` has for each how many of its points differ, fewer than what is to be made of them needs.
        """
        if not flat:
            return self
        layers = tuple(layer for layer in self.layers if layer not in flat)
        if not layers:
            layer, found = next(iter(flat.items()))
            differ = f"{found} differ" if found != 1 else "none differs from another"
            said = f"Layer {layer} has {len(self.frame):,} points of which {differ}; {what} needs {need}."
            raise StrataError("E-CLOUD-POINT", said, "Equal points count once.", "Give others.")
        said = f"Left out, as fewer than {need} points differ there: layer {', '.join(flat)}."
        return replace(self, layers=layers, source=replace(self.source, notes=(*self.source.notes, said)))

    def _unsound(self, layer: str, bad: int | None) -> StrataError:
        what = f"Layer {layer} of {self.source.model} holds NaN, infinite numbers or only zeros."
        if self.unit == "row":
            why = f"Row {int(self.rows[bad]) + 1} is the first." if bad is not None else "All its rows are zero."
            return StrataError("E-STATES-NAN", what, why, "Leave such rows out of the file.")
        return StrataError("E-STATES-NAN", what, f"It was read in {self.source.dtype}.", "Use float32 or bfloat16.")
