"""A finished codebook run, found again by its digest: what browsing, searching and coding a text start from."""

from functools import lru_cache
from pathlib import Path

from probes import store
from probes.codebooks.analysis import CodebookResult, CodebookSpec


def fitted(digest: str) -> tuple[CodebookSpec, CodebookResult]:
    """Return a run of this home's store; raises StrataError E-RUN-UNKNOWN when there is none."""
    return _fitted(digest, store.home())


@lru_cache(maxsize=4)
def _fitted(digest: str, _home: Path) -> tuple[CodebookSpec, CodebookResult]:
    again = "Fit the codes again, then ask."
    return store.finished(digest, CodebookSpec, CodebookResult, called="codebook run", again=again)
