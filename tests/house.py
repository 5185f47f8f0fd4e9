"""The source as the house rules read it: rooms, their order, which library has one door, and what a file imports."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
ORDER = (
    {"errors", "values", "contract", "stats", "linalg", "subspaces", "access", "devices"},
    {"store"},
    {"models", "corpora"},
    {"extract", "reads"},
    {"checkup", "syntax", "codebooks", "alignment", "geometry", "quality", "probing", "attribution", "intervention"},
    {"compare"},
    {"figures"},
    {"analyses"},
    {"worker"},
    {"cluster"},
    {"engine"},
    {"history", "sweeps", "export"},
    {"display"},
    {"ui", "commands"},
)
"""Who may import whom: a room imports what stands before it, and inside one group only the first one's own names."""
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
ROOMS = ORDER[4]
ONLY = {
    "transformers": {"models"},
    "altair": {"figures", "export"},  # export lifts its row limit and checks a font
    "streamlit": {"ui"},
    "torch": {"models", "extract"} | ROOMS,
    "distributed": {"cluster", "engine", "worker"},
    "dask": {"cluster", "engine", "worker"},
    "vl_convert": {"export"},
    "peft": {"models"},
    "accelerate": {"models"},
    "bitsandbytes": {"models"},
    "datasets": {"corpora"},
    "charset_normalizer": {"corpora"},
    "nbformat": {"export"},
}
"""Libraries with one door each; pages and app.py may import streamlit."""
LINES, FUNCTION, PARAMETERS, PAGE = 250, 40, 6, 100
PRODUCT = [*sorted((ROOT / "probes").rglob("*.py")), *sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]
PAGES = [*sorted((ROOT / "pages").glob("*.py")), ROOT / "app.py"]
TOOLS = [p for folder in ("tests", "benchmarks") for p in sorted((ROOT / folder).rglob("*.py"))]
Complaints = Iterator[str]
Rule = Callable[[Path], Complaints]
"""What is wrong with a file, a line each; nothing when it keeps the rule."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    """`probes/store/runs.py` belongs to store, `probes/engine.py` to engine, the package's own two files to no room."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "probes" and not parts[1].startswith("__") else ""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Yield every module imported anywhere in a file, also inside functions; `from a import b` as `a.b`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name_of(path)}:{node.lineno} imports relatively; write the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree_of(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def explained(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of explanation do not count against a function."""
    text = ast.get_docstring(node, clean=False)
    return len(text.splitlines()) if text else 0


def excused(path: Path, line: int) -> bool:
    """Say whether a limit is broken on purpose: its line says why, `# limit: ...`."""
    return "# limit: " in path.read_text("utf-8").splitlines()[line - 1]
