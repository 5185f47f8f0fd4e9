"""The command line: one command an analysis, with an option for each field of its Spec; and what is in the store.

python -m probes syntax --model minilm --corpus python-stdlib --n-train 300
"""

import argparse
import sys
from collections.abc import Sequence

from probes.commands import app, ask, codemodel, corpora, export, models, runs, sweep
from probes.errors import StrataError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 2 after a refusal, whose message goes to standard error."""
    options = _parser().parse_args(arguments)
    try:
        options.act(options)
    except StrataError as error:
        print(f"strata: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("strata: stopped; what was stored stays, and the same command resumes.", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m probes", description="Strata reads the layers of language models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (ask, codemodel, sweep, models, corpora, runs, export, app):
        group.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
