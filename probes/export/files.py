"""Every kind of file an answer can leave as, by its format: what the export bar, the command and bundles make."""

from typing import Any

from probes import analyses
from probes.contract import Spec
from probes.export.figures import Look, draw
from probes.export.latex import table
from probes.export.names import CODE, FIGURES, FORMATS, stem, unknown
from probes.export.notebook import notebook
from probes.export.script import script
from probes.export.tables import frame_bytes


def file_bytes(spec: Spec, result: Any, fmt: str, *, figure: str = "", look: Look | None = None) -> bytes:
    """Return an answer as a file: a figure, its table, or what computes it again. Raises E-EXPORT-FORMAT."""
    if fmt in FIGURES:
        return draw(analyses.figure(result, figure), fmt, look or Look())
    if fmt == "tex":
        return latex(spec, result).encode()
    if fmt in CODE:
        text = script(spec, result) if fmt == "py" else notebook(spec, result, figure)
        return text.encode("utf-8", "backslashreplace")
    if fmt in FORMATS:
        return frame_bytes(result.frame(), fmt)
    raise unknown("E-EXPORT-FORMAT", f"An answer cannot be saved as '{fmt}'.", tuple(FORMATS))


def latex(spec: Spec, result: Any) -> str:
    """Return the table as LaTeX: the headline is its caption, and the run's digest is in its label."""
    caption = f"{result.headline()} Strata run {spec.digest[:12]}."
    return table(result.frame(), caption=caption, label=f"tab:{stem(spec.kind, spec.digest)}")
