"""What was asked before: finished runs and the jobs that did not finish, in one list that can be searched.

The page and the command line show the same lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from probes import corpora, engine, store

STATES = ("done", "running", "queued", "failed", "interrupted", "cancelled")


@dataclass(frozen=True)
class Line:
    """One run or job: what was asked, how it stands, what was found or went wrong, and what a person said of it."""

    digest: str
    kind: str
    spec: dict[str, Any]
    state: str
    text: str
    """The headline, or the error, or the step a running job is at."""
    when: datetime
    """When it was finished, or last heard of."""
    seconds: float
    pinned: bool = False
    note: str = ""

    @property
    def model(self) -> str:
        """The model asked; empty for a question that names none."""
        return str(self.spec.get("model") or "")

    @property
    def corpus(self) -> str:
        """The corpus asked, without the state that pinning added."""
        return corpora.unpinned(str(self.spec.get("corpus") or ""))


@dataclass(frozen=True)
class Filter:
    """Which lines are wanted; what is empty does not narrow."""

    search: str = ""
    """Words that all occur in the headline, model, corpus, note, kind or state, or that the digest begins with."""
    kind: str = ""
    model: str = ""
    corpus: str = ""
    state: str = ""
    days: int | None = None
    """Not older than this."""
    pinned: bool = False

    def keeps(self, line: Line, now: datetime) -> bool:
        """Say whether a line is wanted."""
        for name in ("kind", "model", "corpus", "state"):
            wanted = getattr(self, name)
            if wanted and wanted != getattr(line, name):
                return False
        if self.pinned and not line.pinned:
            return False
        if self.days is not None and now - line.when > timedelta(days=self.days):
            return False
        whole = " ".join((line.text, line.model, line.corpus, line.note, line.kind, line.state)).casefold()
        # a digest holds every digit: it is found by how it begins
        words = self.search.casefold().split()
        return all(word in whole or (len(word) >= 4 and line.digest.startswith(word)) for word in words)


def lines(wanted: Filter | None = None) -> list[Line]:
    """Return what was asked before: pinned first, then newest first."""
    marks, now = store.marks(), datetime.now(UTC)
    finished = store.runs()
    found = [_of_run(entry, marks.get(entry.digest)) for entry in finished]
    have = {entry.digest for entry in finished}
    found += [_of_job(job, marks.get(job.digest)) for job in store.jobs() if job.digest not in have]
    kept = [line for line in found if line.state in STATES and (wanted is None or wanted.keeps(line, now))]
    return sorted(kept, key=lambda line: (line.pinned, line.when), reverse=True)


def _of_run(entry: store.RunEntry, mark: store.Mark | None) -> Line:
    mark = mark or store.Mark(entry.digest)
    facts = (entry.digest, entry.kind, entry.spec, "done", entry.headline, entry.created, entry.seconds)
    return Line(*facts, mark.pinned, mark.note)


def _of_job(job: store.Job, mark: store.Mark | None) -> Line:
    """Tell how a job stands: its journal's last word, unless that is `running` and its process is gone."""
    state, error, text = job.state, job.error, job.note
    if state in store.LIVE:
        now = engine.status(job.digest)
        state, error, text = now.state, now.error or {}, now.note
    elif state == "done":  # but no run is there: it was deleted, or damaged and set aside
        state = "unknown"
    if error.get("code") == "E-INTERRUPTED":
        state = "interrupted"
    mark = mark or store.Mark(job.digest)
    said = " ".join(filter(None, (error.get(part, "") for part in ("what", "why")))) if error else text
    took = (job.said - job.began).total_seconds()
    return Line(job.digest, job.kind, job.spec, state, said, job.said, took, mark.pinned, mark.note)


def table(found: Sequence[Line]) -> pd.DataFrame:
    """Return the lines as a table."""
    rows = [(n.digest, n.kind, n.state, n.when, n.seconds, n.model, n.corpus, n.text, n.pinned, n.note) for n in found]
    columns = ["digest", "kind", "state", "when", "seconds", "model", "corpus", "headline", "pinned", "note"]
    return pd.DataFrame(rows, columns=columns)
