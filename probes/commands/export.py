"""What leaves for a paper: one file of a stored run, or the whole bundle."""

import argparse
import sys
from pathlib import Path
from typing import Any

from probes.errors import StrataError


def add(commands: Any) -> None:
    """Add `export` and `bundle`."""
    one = commands.add_parser("export", help="write a stored run as a figure, a table, a script or a notebook")
    one.add_argument("digest", help="which run, as `runs` lists them; its first characters are enough")
    one.add_argument("--format", default="pdf", metavar="FORMAT", help="pdf, svg, png, csv, parquet, tex, py or ipynb")
    one.add_argument("--figure", default="", help="which figure of the run; its main one without")
    _look(one, "double")
    one.set_defaults(act=_export)
    whole = commands.add_parser("bundle", help="write the figures gathered for a paper as one zip")
    whole.add_argument("digest", nargs="*", help="runs whose every figure is taken instead of what was gathered")
    _look(whole, "single")
    whole.set_defaults(act=_bundle)


def _look(parser: argparse.ArgumentParser, width: str) -> None:
    parser.add_argument("--width", default=width, help=f"the page's width by name, as double or acl (default: {width})")
    parser.add_argument("--font", default="sans", help="sans, serif, mono, or a family that is installed")
    parser.add_argument("--size", type=float, help="points of the labels; the page's usual size without")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to; - is standard output")


def _export(options: argparse.Namespace) -> None:
    from probes import analyses, export  # on use: --help must not wait for it

    spec, result = _run(options.digest)
    look = export.Look(options.width, options.font, options.size)
    data = export.file_bytes(spec, result, options.format, figure=options.figure, look=look)
    name = options.figure or next(iter(analyses.of(spec).figures))
    kind = f"{spec.kind}-{name}" if options.format in export.FIGURES else spec.kind
    _write(options.output or export.filename(kind, spec.digest, options.format), data)
    if options.format in export.FIGURES and look.note:
        print(f"Note: {look.note}", file=sys.stderr)


def _bundle(options: argparse.Namespace) -> None:
    from probes import analyses, export, store  # on use, as above

    chosen = store.collected()
    if options.digest:
        specs = [_run(digest)[0] for digest in options.digest]
        items = [(spec.digest, name) for spec in specs for name in analyses.of(spec).figures]
        chosen = store.Collection(items=tuple(items))
    look = export.Look(options.width, options.font, options.size)
    _write(options.output or "strata-bundle.zip", export.bundle_bytes(chosen, look))
    if look.note:
        print(f"Note: {look.note}", file=sys.stderr)


def _run(start: str) -> tuple[Any, Any]:
    """Return the one stored run whose digest starts so, with its answer; raises E-RUN-UNKNOWN for none or several."""
    from probes import analyses, store  # on use, as above

    found = [entry.digest for entry in store.runs() if start and entry.digest.startswith(start)]
    spec = analyses.spec_of(found[0]) if len(found) == 1 else None
    result = analyses.result_of(found[0]) if spec else None
    if spec is None or result is None:
        what = f"{len(found)} stored runs start with" if len(found) > 1 else "No stored run is called"
        raise StrataError("E-RUN-UNKNOWN", f"{what} '{start[:40]}'.", fix="See: python -m probes runs")
    return spec, result


def _write(name: str, data: bytes) -> None:
    """Write the file whole or not at all, and say where it is; `-` is standard output."""
    if name == "-":
        sys.stdout.buffer.write(data)
        return
    path = Path(name)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise StrataError("E-EXPORT-WRITE", f"{path} cannot be written.", str(error.strerror)) from error
    print(path)
