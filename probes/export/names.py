"""What files are called, which kinds there are, and how a refusal names the choices."""

import re

from probes.errors import StrataError
from probes.figures.words import visible

FORMATS = {
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "png": "image/png",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "tex": "text/x-tex",
    "py": "text/x-python",
    "ipynb": "application/x-ipynb+json",
}
"""Every kind of file → its media type: figures first, then the table, then what computes it again."""

FIGURES = ("pdf", "svg", "png")
TABLES = ("csv", "parquet", "tex")
CODE = ("py", "ipynb")

_MARKS = re.compile(r"([\\`*_{}\[\]<>#$|~^&@]|:(?=\S)|(?<=\bwww)\.|^[-+=]|^\d+(?=[.)]))", re.IGNORECASE)
"""What Markdown, TeX mathematics, citations, emoji names or autolinks would be made of; the rest stays readable."""


def stem(kind: str, digest: str) -> str:
    """Return `strata-syntax-0123456789ab`: letters, digits and hyphens only, the digest saying which run it is."""
    return re.sub(r"[^a-z0-9]+", "-", f"strata-{kind}-{digest[:12]}".lower()).strip("-")


def filename(kind: str, digest: str, fmt: str) -> str:
    """Return `strata-syntax-0123456789ab.pdf`."""
    return f"{stem(kind, digest)}.{re.sub(r'[^a-z0-9]', '', fmt.lower())}"


def unknown(code: str, what: str, choices: tuple[str, ...]) -> StrataError:
    """Return the refusal of a name that is none of the choices."""
    return StrataError(code, what, fix=f"Choose one of: {', '.join(choices)}.")


def line(text: object) -> str:
    """Return `text` on one line, with nothing unseen left in it: fit for a comment of a script."""
    return visible(str(text))


def literal(text: object) -> str:
    """Return Markdown that shows `text` as it is: on one line, marks escaped, what has no glyph spelt out."""
    return _MARKS.sub(_escaped, line(text))


def _escaped(found: re.Match[str]) -> str:
    mark = found[0]
    return f"{mark}\u2060" if mark.isdigit() else f"\\{mark}"  # a digit cannot be escaped: the joiner ends the number
