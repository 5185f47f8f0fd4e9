"""Train a decoder to think in codes, and keep it."""

import argparse
from pathlib import Path
from typing import Any

from probes.codebooks.trained.lesson import Lesson
from probes.commands.ask import options_of, values_of
from probes.commands.bar import Bar
from probes.contract import checked


def add(commands: Any) -> None:
    """Add `codemodel`."""
    summary = (Lesson.__doc__ or "").strip()
    parser = commands.add_parser(
        Lesson.kind, help=summary, description=summary, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    options_of(parser, Lesson)
    parser.add_argument("--into", type=Path, required=True, help="a folder for the model; a stopped training goes on")
    parser.set_defaults(act=_teach)


def _teach(options: argparse.Namespace) -> None:
    from probes.codebooks.trained.teaching import teach  # on use: --help must not wait for torch

    lesson, bar = checked(Lesson, values_of(options, Lesson)).pinned(), Bar()
    try:
        taught = teach(lesson, options.into, bar)
    finally:
        bar.clear()
    first, put, last, *beside = taught.stages.itertuples()
    alone = "".join(f", {one.loss:.3f} trained as long without codes" for one in beside)
    print(
        f"Through codes, the model's loss on held-out text is {last.loss:.3f} ± {last.half:.3f} nats a token: "
        f"{first.loss:.3f} as it was, {put.loss:.3f} with the codes put in before training{alone}."
    )
    print(taught.stages.to_string(index=False, float_format="{:.3f}".format))
    print(taught.books.to_string(index=False, float_format="{:.3f}".format))
    site = lesson.places.split(",")[0].strip().replace("head", "heads")
    print(
        f"Kept in {options.into}. Its codes are seen by `python -m probes codebooks --model {options.into} --method "
        f"trained --site {site}`; `probes.codebooks.trained.kept.load` reads it."
    )
