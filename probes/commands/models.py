"""The models that are always there: list them, or fetch them."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add `models`."""
    models = commands.add_parser("models", help="list the models that are always there, or fetch them")
    models.add_argument("action", nargs="?", choices=["list", "fetch"], default="list")
    models.add_argument("names", nargs="*", help="which to fetch; all when none are named")
    models.set_defaults(act=_models)


def _models(options: argparse.Namespace) -> None:
    from probes.models import catalogue  # on use: --help must not wait for it

    if options.action == "list":
        print(catalogue.table().to_string(index=False))
        return
    from probes.models import fetch

    for name in options.names or catalogue.names():
        print(f"{name}: {fetch.folder_of(name).path}")
