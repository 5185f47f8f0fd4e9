"""The jobs this process has handed to workers and not yet seen the end of."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Handed:
    """A job handed to a worker, and what was last seen of it; times are of this process's steady clock."""

    future: Any  # kept, or Dask forgets the task
    client: Any
    pulse_at: float
    pulse: int | None = None
    unwanted_at: float | None = None
    restarts: int = 0


jobs: dict[str, Handed] = {}
unwritten: dict[str, dict[str, str]] = {}
"""Why jobs failed whose journal takes no word, because the disk is full or gone."""


def pending(digest: str) -> bool:
    """Say whether this process waits for a worker to end that job: when its worker dies, another one takes it up."""
    job = jobs.get(digest)
    return job is not None and not job.future.done()
