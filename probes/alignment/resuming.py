"""An interrupted run goes on at the last whole language: what was read lies on disk until the run is done, no longer.

A block of the store's states is a language here, so a language counts once all of its layers are on disk.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from probes import store
from probes.contract import Progress
from probes.values import digest_of

if TYPE_CHECKING:
    from probes.models import Model

LARGEST = 4 << 30
"""Bytes of vectors that a run may lay down: a larger one starts again when it is interrupted."""


@dataclass(frozen=True)
class Shelf:
    """The vectors of the languages read so far: `n` rows each, in the order of the run."""

    part: store.Part | None
    """None where they are too many to lay down."""
    n: int

    def get(self, language: int) -> np.ndarray | None:
        """Return [layer, row, width] of a language by its number, or None when it is not there whole."""
        if self.part is None or language not in self.part.done:
            return None
        return np.stack([self.part.get(layer, language * self.n, self.n) for layer in range(len(self.part.layers))])

    def put(self, language: int, vectors: np.ndarray) -> None:
        """Lay down [layer, row, width] of a language."""
        if self.part is not None:
            for layer, rows in enumerate(vectors):
                self.part.put(layer, language * self.n, rows)
            self.part.commit(language)


@contextmanager
def shelf(model: "Model", texts: Sequence[Sequence[str]], how: str, progress: Progress) -> Iterator[Shelf]:
    """Open what an earlier try of the same languages left, or an empty shelf; it is gone once the block ends well.

    `texts` are those of each language, as many in each; `how` says how they are pooled.
    """
    n = len(texts[0])
    size = 4 * len(texts) * n * len(model.layers) * model.width
    there = next(path for path in (store.home(), *store.home().parents) if path.exists())
    if size > min(LARGEST, shutil.disk_usage(there).free // 2):
        yield Shelf(None, n)
        return
    each = [digest_of(language) for language in texts]
    digest = digest_of(["languages 1", *model.identity, *model.layers, how, *each])
    with store.lock(store.folder("states", digest), lambda: progress.report(0, 1, "waiting for the same languages")):
        part = store.Part(digest, model.layers, model.width, np.arange(0, len(texts) * n + 1, n))
        try:
            yield Shelf(part, n)
        except BaseException:
            part.close()  # also when it was cancelled: the next try goes on from here
            raise
        part.discard()
