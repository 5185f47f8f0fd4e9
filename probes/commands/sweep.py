"""Many questions at once, and the workers that answer them on other machines."""

import argparse
import json
from typing import Any

from probes.commands.bar import Bar
from probes.errors import StrataError


def add(commands: Any) -> None:
    """Add `sweep` and `worker`."""
    sweep = commands.add_parser("sweep", help="ask a grid of questions: models × corpora × options × seeds")
    sweep.add_argument("grid", help="a TOML file: kind = ..., then [[grid]] tables in which every list is an axis")
    sweep.add_argument("--dry-run", action="store_true", help="say what would be run, and run nothing")
    sweep.add_argument("--here", action="store_true", help="run in this process, not in the workers")
    sweep.add_argument("--json", action="store_true", help="print runs, rows and failures as JSON")
    sweep.set_defaults(act=_sweep)
    about = "work for the scheduler that STRATA_SCHEDULER names, one process a GPU (docs/cluster.md)"
    commands.add_parser("worker", help=about, description=about).set_defaults(act=_worker)


def _sweep(options: argparse.Namespace) -> None:
    from probes import sweeps  # on use: --help must not wait for it

    specs, bar = sweeps.read(options.grid), Bar()
    if not options.json:
        print(f"{len(specs)} questions, {sum(map(sweeps.answered, specs))} of them answered before.")
    if options.dry_run:
        print(_text(sweeps.axes(specs), options.json))
        return
    try:
        swept = sweeps.sweep(specs, here=options.here, progress=bar)
    finally:
        bar.clear()
    if options.json:
        tables = {"runs": swept.runs, "rows": swept.rows, "failures": swept.failures}
        print(json.dumps({name: json.loads(t.to_json(orient="records")) for name, t in tables.items()}, indent=1))
    else:
        print(swept.runs.to_string(index=False, max_colwidth=110))
    if len(swept.failures):
        lines = (f"{row.digest}: {row.what} [{row.code}]" for row in swept.failures.itertuples())
        what = f"{len(swept.failures)} of {len(specs)} questions failed:\n  " + "\n  ".join(lines) + "\n"
        raise StrataError("E-SWEEP", what, "The others are answered and stored.", "The same command tries them again.")


def _text(table: Any, as_json: bool) -> str:
    return str(table.to_json(orient="records", indent=1) if as_json else table.to_string(index=False))


def _worker(_options: argparse.Namespace) -> None:
    from probes import cluster  # on use, as above

    cluster.work()
