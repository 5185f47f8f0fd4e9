"""Answers a question in this process: notebooks, tests, the command line, and what a worker does in its own."""

import time
from typing import Any

from probes import store
from probes.analyses import of, result_of
from probes.contract import Progress, Spec


def run(spec: Spec, progress: Progress | None = None, *, keep: bool = False) -> Any:
    """Return the answer to a Spec, from the store when it is there, else computed in this process and stored.

    Live questions are looked up and stored only if asked to `keep` them. Raises StrataError, or Cancelled when
    `progress` says so.
    """
    spec, progress = spec.pinned(), progress or Progress()
    analysis = of(spec)
    if analysis.live and not keep:
        return analysis.run(spec, progress)
    if (known := result_of(spec.digest)) is not None:
        return known
    path = store.folder("runs", spec.digest)
    with store.lock(path, lambda: progress.report(0, 1, "waiting for another process that asks the same")):
        if (known := result_of(spec.digest)) is not None:
            return known
        began = time.perf_counter()
        result = analysis.run(spec, progress)
        store.save(spec, result, time.perf_counter() - began)
    return result
