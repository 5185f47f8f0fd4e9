"""The corpora: list them."""

import argparse
from typing import Any


def add(commands: Any) -> None:
    """Add `corpora`."""
    commands.add_parser("corpora", help="list the corpora").set_defaults(act=_corpora)


def _corpora(_options: argparse.Namespace) -> None:
    from probes import corpora  # on use: --help must not wait for it

    print(corpora.table().to_string(index=False))
