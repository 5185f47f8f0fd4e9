"""Runs and jobs as the history reads them, written without being computed."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from probes import store
from probes.values import digest_of

NOW = datetime.now(UTC)


def put(home: Path, n: int, *, hours: float = 0, headline: str = "Syntax peaks.", **spec: Any) -> str:
    """Write the two files of a run that the history reads."""
    digest = digest_of([str(n)])
    path = home / "runs" / digest
    path.mkdir(parents=True)
    made = (NOW - timedelta(hours=hours)).isoformat()
    question = {"kind": spec.pop("kind", "syntax"), "version": 1, "spec": {"model": "minilm", **spec}}
    (path / "spec.json").write_text(json.dumps(question))
    (path / "run.json").write_text(json.dumps({"headline": headline, "created": made, "seconds": 1.5}))
    return digest


def job(n: int, state: str, **facts: Any) -> str:
    digest = digest_of([str(n)])
    store.note(digest, "queued", question={"kind": "syntax", "version": 1, "spec": {"model": "minilm"}})
    store.note(digest, state, **facts)
    return digest
