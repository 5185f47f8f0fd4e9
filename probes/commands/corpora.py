"""The corpora: list them, or look at one before it is used."""

import argparse
import json
from typing import Any

_WIDEST = 60
"""Characters of a cell in a terminal."""


def add(commands: Any) -> None:
    """Add `corpora`."""
    parser = commands.add_parser("corpora", help="list the kinds of corpora, or look at one")
    parser.add_argument("action", nargs="?", choices=["list", "preview"], default="list")
    parser.add_argument("name", nargs="?", help="what to look at: a corpus name, in quotes where it holds ? or &")
    parser.add_argument("--rows", type=int, default=10, help="how many rows to show (default: 10)")
    parser.add_argument("--json", action="store_true", help="print the preview as JSON")
    parser.set_defaults(act=lambda options: _corpora(parser, options))


def _corpora(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    from probes import corpora  # on use: --help must not wait for it

    if options.action == "list":
        print(corpora.table().to_string(index=False))
        return
    if not options.name:
        parser.error("name the corpus to look at: python -m probes corpora preview 'table:/path/to/file.csv'")
    seen = corpora.preview(options.name, options.rows)
    if options.json:
        print(json.dumps(_plain(seen), indent=1, ensure_ascii=False))
        return
    print(seen.headline())
    print(f"Name: {seen.name}")
    for name, value in seen.facts.items():
        print(f"{name}: {value}")
    if seen.left_out:
        print(f"Left out: {', '.join(f'{reason} ({count:,})' for reason, count in seen.left_out.items())}.")
    for note in seen.notes:
        print(f"Note: {_line(note)}")
    for row in seen.problems.itertuples(index=False):
        print(f"{seen.noun.removesuffix('s').capitalize()} {row.row}: {_line(row.problem)}")
    print(seen.rows.map(_line).rename(columns=_line).to_string(index=False))


def _plain(seen: Any) -> dict[str, Any]:
    tables = {
        name: json.loads(getattr(seen, name).to_json(orient="records")) for name in ("rows", "lengths", "problems")
    }
    return {**vars(seen), "headline": seen.headline(), **tables}


def _line(cell: Any) -> str:
    """Return a cell in one line that no terminal obeys: line ends, escapes and bidi marks are spelt out."""
    text = str(cell)
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: _WIDEST + 1])
    return shown if len(text) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"
