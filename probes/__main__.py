"""The command line: one command an analysis, with an option for each field of its Spec; and what is in the store.

python -m probes syntax --model minilm --corpus python-stdlib --n-train 300
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from probes.analyses import ANALYSES, parse
from probes.contract import Analysis, Progress
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
    for analysis in ANALYSES:
        _add_analysis(commands, analysis)
    models = commands.add_parser("models", help="list the models that are always there, or fetch them")
    models.add_argument("action", nargs="?", choices=["list", "fetch"], default="list")
    models.add_argument("names", nargs="*", help="which to fetch; all when none are named")
    models.set_defaults(act=_models)
    for name, act, text in (("corpora", _corpora, "list the corpora"), ("runs", _runs, "list the finished runs")):
        commands.add_parser(name, help=text).set_defaults(act=act)
    return parser


def _add_analysis(commands: Any, analysis: Analysis) -> None:
    summary = (analysis.spec.__doc__ or "").strip().splitlines()[0]
    parser = commands.add_parser(
        analysis.kind, help=summary, description=summary, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    for name, field in analysis.spec.model_fields.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            required=field.is_required(),
            default=argparse.SUPPRESS if field.is_required() else field.default,
            type=str,  # pydantic reads the words: one place decides what a value may be
            metavar=_metavar(field.annotation),
            help=(field.description or "").replace("%", "%%"),
        )
    parser.add_argument("--json", action="store_true", help="print the result as JSON instead of a table")
    parser.set_defaults(act=lambda options: _answer(analysis, options))


def _metavar(annotation: Any) -> str:
    choices = getattr(annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return "{" + ",".join(choices) + "}"
    return getattr(annotation, "__name__", "VALUE").upper()


def _answer(analysis: Analysis, options: argparse.Namespace) -> None:
    from probes.engine import run  # on use: --help must not wait for it

    spec = parse(
        analysis.kind, {name: getattr(options, name) for name in analysis.spec.model_fields if hasattr(options, name)}
    )
    spec, bar = spec.pinned(), _Bar()
    try:
        result = run(spec, bar)
    finally:
        bar.clear()
    if options.json:
        whole = {"spec": json.loads(spec.canonical()), "digest": spec.digest}
        table = json.loads(result.frame().to_json(orient="records"))
        print(
            json.dumps(
                {**whole, "headline": result.headline(), "frame": table, "source": result.source.as_dict()}, indent=1
            )
        )
        return
    print(result.headline())
    for note in result.source.notes:
        print(f"Note: {note}")
    print(result.frame().to_string(index=False, float_format="{:.3f}".format))


def _models(options: argparse.Namespace) -> None:
    from probes.models import catalogue  # on use, as above

    if options.action == "list":
        print(catalogue.table().to_string(index=False))
        return
    from probes.models import fetch

    for name in options.names or catalogue.names():
        print(f"{name}: {fetch.folder_of(name).path}")


def _corpora(_options: argparse.Namespace) -> None:
    from probes import corpora  # on use, as above

    print(corpora.table().to_string(index=False))


def _runs(_options: argparse.Namespace) -> None:
    from probes import store  # on use, as above

    table = store.table()
    print("No run is stored yet." if table.empty else table.to_string(index=False))


class _Bar(Progress):
    """One line on standard error, when somebody watches it."""

    def __init__(self) -> None:
        self.last = 0.0
        self.shown = sys.stderr.isatty()

    def report(self, done: float, total: float, note: str = "") -> None:
        now = time.monotonic()
        if self.shown and now - self.last > 0.2:
            self.last = now
            print(f"\r\033[K{done / total if total else 0:4.0%} {note}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line to what comes next."""
        if self.shown and self.last:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
