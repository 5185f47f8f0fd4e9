"""The paper bundle: one zip of figures, data, tables, methods with their references, and what computes it all again.

Equal collections of equal runs give equal bytes: fixed times, fixed order.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

from probes import __version__, analyses
from probes.contract import Spec
from probes.errors import StrataError
from probes.export.bibtex import bibliography, cited
from probes.export.figures import Look, both
from probes.export.files import file_bytes
from probes.export.latex import MOST_ROWS
from probes.export.methods import methods
from probes.export.names import filename, literal
from probes.export.widths import WIDTHS
from probes.store import Collection

_WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can say
_FOLDERS = {"csv": "data", "parquet": "data", "tex": "tables", "py": "scripts", "ipynb": "notebooks"}

Run = tuple[Spec, Any, tuple[str, ...]]
"""A question, its answer, and the figures wanted of it."""


def bundle_bytes(collection: Collection, look: Look | None = None) -> bytes:
    """Return the bundle of what was collected, figures in `look`; runs that are no longer stored are named in it.

    Raises StrataError E-BUNDLE-EMPTY when nothing is left to put into it.
    """
    look = look or Look("single")
    runs, lost = _runs(collection)
    if not runs:
        raise StrataError(
            "E-BUNDLE-EMPTY",
            "There is nothing to put into the bundle.",
            f"{len(lost)} of its runs are no longer stored." if lost else "",
            "Add a figure to it first.",
        )
    files = {name: data for run in runs for name, data in _files(run, look)}
    said = methods([(spec, result) for spec, result, _ in runs], collection.title)
    files["methods.md"] = said.encode()
    files["references.bib"] = bibliography(cited(said)).encode()
    files["README.md"] = _readme(collection.title, runs, lost, look).encode()
    files["MANIFEST.json"] = _manifest(collection.title, runs, files)
    return _zip(files)


def _runs(collection: Collection) -> tuple[list[Run], list[str]]:
    """Return the runs with the figures wanted of each, in the order they came, and the digests that are lost."""
    wanted: dict[str, list[str]] = {}
    for digest, figure in collection.items:
        wanted.setdefault(digest, []).append(figure)
    runs: list[Run] = []
    for digest, names in wanted.items():
        spec, result = analyses.spec_of(digest), analyses.result_of(digest)
        if spec is not None and result is not None:
            known = analyses.of(spec).figures
            runs.append((spec, result, tuple(name for name in names if name in known)))
    found = {spec.digest for spec, _, _ in runs}
    return runs, [digest for digest in wanted if digest not in found]


def _files(run: Run, look: Look) -> Iterator[tuple[str, bytes]]:
    spec, result, figures = run
    for name in figures:
        for fmt, data in both(analyses.figure(result, name), look).items():
            yield f"figures/{filename(f'{spec.kind}-{name}', spec.digest, fmt)}", data
    for fmt, folder in _FOLDERS.items():
        if fmt != "tex" or len(result.frame()) <= MOST_ROWS:
            yield f"{folder}/{filename(spec.kind, spec.digest, fmt)}", file_bytes(spec, result, fmt)


def _readme(title: str, runs: list[Run], lost: list[str], look: Look) -> str:
    rows = [f"- `{spec.digest}` ({spec.kind}): {literal(result.headline())}" for spec, result, _ in runs]
    notes = [f"- Run `{digest}` was collected but is no longer stored, so it is not here." for digest in lost]
    notes += [f"- {literal(look.note)}"] if look.note else []
    return f"""# {literal(title)}

Made by Strata {__version__}. Figures are {WIDTHS[look.width][0]:.2f} in wide ({literal(look.width)}), as PDF and SVG.

{chr(10).join(rows)}
{chr(10).join(["", *notes, ""]) if notes else ""}
| folder | what |
|---|---|
| `figures/` | `\\includegraphics` the PDFs at their own size |
| `tables/` | `\\input` them; they need the package booktabs (longer ones longtable too) |
| `data/` | the table under each figure, CSV and Parquet |
| `scripts/`, `notebooks/` | compute each table again and say whether it is the same |
| `methods.md`, `references.bib` | what was done, in sentences, and the papers they cite |
| `MANIFEST.json` | SHA-256 of every file, and each run's question |

In the CSV files a text that a spreadsheet would run as a formula has a ' before it; Parquet has it as it is.
"""


def _manifest(title: str, runs: list[Run], files: dict[str, bytes]) -> bytes:
    sums = {
        name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in sorted(files.items())
    }
    asked = [json.loads(spec.canonical()) | {"digest": spec.digest} for spec, _, _ in runs]
    whole = {"title": title, "strata": __version__, "runs": asked, "files": sums}
    return (json.dumps(whole, indent=1) + "\n").encode()


def _zip(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, files[name])
    return target.getvalue()
