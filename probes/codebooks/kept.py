"""A finished codebook run, found again by its digest: what browsing, searching and coding a text start from."""

from functools import lru_cache
from pathlib import Path

from probes import store
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.errors import StrataError


def fitted(digest: str) -> tuple[CodebookSpec, CodebookResult]:
    """Return a run of this home's store; raises StrataError E-RUN-UNKNOWN when there is none."""
    return _fitted(digest, store.home())


@lru_cache(maxsize=4)
def _fitted(digest: str, _home: Path) -> tuple[CodebookSpec, CodebookResult]:
    asked = store.asked(digest)
    if asked is not None and asked["kind"] == CodebookSpec.kind and asked["version"] != CodebookSpec.version:
        what = f"The codebook run '{digest}' is of version {asked['version']}; today's is {CodebookSpec.version}."
        raise StrataError("E-RUN-UNKNOWN", what, fix="Fit the codes again, then ask.")
    found = store.load(digest, CodebookResult) if asked and asked["kind"] == CodebookSpec.kind else None
    if asked is None or found is None:
        what = f"There is no codebook run '{digest}' in the store."
        raise StrataError("E-RUN-UNKNOWN", what, fix="Fit the codes again, then ask.")
    return CodebookSpec.model_validate(asked["spec"]), found
