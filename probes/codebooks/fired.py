"""Which codes fire on a token: the ones it takes, each once, and none whose coefficient is zero.

A token takes `slots` codes of each book. Ids are kept as they came, in small integers; what fires is read off them
where it is asked for. Arrays in, arrays out.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from probes.codebooks.book import Codebook

SILENT = -1
"""In the place of a code that does not fire."""


def fired(ids: np.ndarray, books: int, slots: int, levels: Any, *, once: bool = True) -> np.ndarray:
    """Return integers [row, book, slot]: the codes that fire on each row, `SILENT` where a slot has none.

    `ids` [row, choice] are the codes of all slots, book after book, then their levels where there are some; the first
    of `levels` [level] may be zero, and a code at that level is not there. A code that two slots took fires `once`, in
    the first of them. Where every code fires the ids are handed back as they are, not copied.
    """
    taken = ids[:, : books * slots].reshape(-1, books, slots)
    zero = len(levels) > 0 and float(levels[0]) == 0
    if slots == 1 and not zero:
        return taken
    found = taken.astype(np.int16 if ids.dtype == np.uint8 else np.int32)
    if zero:
        found[ids[:, books * slots :].reshape(found.shape) == 0] = SILENT
    return each_once(found) if once else found


def each_once(ids: np.ndarray) -> np.ndarray:
    """Return signed integers [..., slot], `SILENT` in each slot whose code an earlier slot of its row has."""
    found = ids.copy()
    for slot in range(1, ids.shape[-1]):
        found[(ids[..., :slot] == ids[..., slot, None]).any(-1), slot] = SILENT
    return found


def fired_of(book: "Codebook", ids: np.ndarray) -> np.ndarray:
    """Return which codes of a codebook fire, from the ids that it gave [row, choice]; see `fired`."""
    return fired(ids, len(book.codes), book.slots, book.levels)


def firing(found: np.ndarray) -> np.ndarray:
    """Return the codes that fire, of any shape, in one line; those of an array without silent slots are not copied."""
    flat = found.reshape(-1)
    return flat if flat.dtype.kind == "u" else flat[flat >= 0]
