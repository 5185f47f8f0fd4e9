"""One command an analysis, with an option for each field of its Spec."""

import argparse
import json
from typing import Any

from probes.analyses import ANALYSES, parse
from probes.commands.bar import Bar
from probes.contract import Analysis, Spec


def add(commands: Any) -> None:
    """Add a command for every analysis."""
    for analysis in ANALYSES:
        _add(commands, analysis)


def _add(commands: Any, analysis: Analysis) -> None:
    summary = (analysis.spec.__doc__ or "").strip().splitlines()[0]
    parser = commands.add_parser(
        analysis.kind, help=summary, description=summary, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    options_of(parser, analysis.spec)
    parser.add_argument("--json", action="store_true", help="print the result as JSON instead of a table")
    parser.set_defaults(act=lambda options: _answer(analysis, options))


def options_of(parser: argparse.ArgumentParser, spec: type[Spec]) -> None:
    """Add an option for each field of a Spec."""
    for name, field in spec.model_fields.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            dest=name,
            required=field.is_required(),
            default=argparse.SUPPRESS if field.is_required() else field.default,
            type=str,  # pydantic reads the words: one place decides what a value may be
            metavar=_metavar(field.annotation),
            help=(field.description or "").replace("%", "%%"),
        )


def values_of(options: argparse.Namespace, spec: type[Spec]) -> dict[str, Any]:
    """Return what was given for the fields of a Spec."""
    return {name: getattr(options, name) for name in spec.model_fields if hasattr(options, name)}


def _metavar(annotation: Any) -> str:
    choices = getattr(annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return "{" + ",".join(choices) + "}"
    return getattr(annotation, "__name__", "VALUE").upper()


def _answer(analysis: Analysis, options: argparse.Namespace) -> None:
    from probes.engine import run  # on use: --help must not wait for it

    spec, bar = parse(analysis.kind, values_of(options, analysis.spec)).pinned(), Bar()
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
