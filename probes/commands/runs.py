"""What was asked before: list the finished runs."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add `runs`."""
    commands.add_parser("runs", help="list the finished runs").set_defaults(act=_runs)


def _runs(_options: argparse.Namespace) -> None:
    from probes import store  # on use: --help must not wait for it

    table = store.table()
    print("No run is stored yet." if table.empty else table.to_string(index=False))
