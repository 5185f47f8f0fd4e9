"""What leaves Strata for a paper: figures, the tables under them, and the scripts that compute them again."""

from probes.export.bundle import bundle_bytes
from probes.export.figures import Look, draw, figure_bytes, mimetype
from probes.export.files import file_bytes
from probes.export.fonts import STACKS, has_font, resolve
from probes.export.latex import MOST_ROWS, table
from probes.export.names import CODE, FIGURES, FORMATS, TABLES, filename
from probes.export.tables import frame_bytes
from probes.export.widths import SIZES, WIDTHS

__all__ = [
    "CODE",
    "FIGURES",
    "FORMATS",
    "MOST_ROWS",
    "SIZES",
    "STACKS",
    "TABLES",
    "WIDTHS",
    "Look",
    "bundle_bytes",
    "draw",
    "figure_bytes",
    "file_bytes",
    "filename",
    "frame_bytes",
    "has_font",
    "mimetype",
    "resolve",
    "table",
]
