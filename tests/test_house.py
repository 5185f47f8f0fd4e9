"""The house rules, read from the source itself: which way imports point, how long things are, what is never called."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

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
EVERYTHING = [p for folder in ("tests", "benchmarks") for p in sorted((ROOT / folder).rglob("*.py"))] + PRODUCT


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


def _docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of explanation do not count against a function."""
    text = ast.get_docstring(node, clean=False)
    return len(text.splitlines()) if text else 0


def excused(path: Path, line: int) -> bool:
    """Say whether a limit is broken on purpose: its line says why, `# limit: ...`."""
    return "# limit: " in path.read_text("utf-8").splitlines()[line - 1]


each = pytest.mark.parametrize("path", PRODUCT, ids=name_of)
each_file = pytest.mark.parametrize("path", EVERYTHING, ids=name_of)


# ---- imports ---------------------------------------------------------------------------------------------------------


@each
def test_imports_point_one_way(path: Path) -> None:
    here = room_of(path)
    rank = RANK[here] if here else len(ORDER)
    for name in imports(path):
        if not name.startswith("probes.") or name.startswith("probes.__") or not here:
            continue
        there = name.split(".")[1]
        assert there in RANK, f"{name_of(path)} imports {name}, which stands nowhere in ORDER"
        same = there == here or RANK[there] == rank == 0
        assert same or RANK[there] < rank, f"{name_of(path)} ({here}) must not import {name}"


@each
def test_each_library_has_one_door(path: Path) -> None:
    here = room_of(path)
    for name in imports(path):
        library = name.split(".")[0]
        at_the_front = library == "streamlit" and path in PAGES
        assert here in ONLY.get(library, {here}) or at_the_front, f"{name_of(path)} must not import {library}"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_is_short_and_only_asks_and_shows(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= PAGE
    allowed = {"probes.ui", "streamlit", "typing"} | {f"probes.{room}" for room in ROOMS}
    for name in imports(path):
        assert any(name == a or name.startswith(a + ".") for a in allowed), f"{name_of(path)} imports {name}"
    for node in ast.walk(tree_of(path)):
        assert not isinstance(node, ast.Try), f"{name_of(path)}:{node.lineno} has a try"
        assert getattr(node, "attr", "") not in ("session_state", "navigation"), f"{name_of(path)}:{node.lineno}"


def test_navigation_is_never_taken_over() -> None:
    """`st.navigation` beside a folder `pages` loses the shared frame of pages opened by their address."""
    for path in PRODUCT:
        assert not any(getattr(node, "attr", "") == "navigation" for node in ast.walk(tree_of(path))), name_of(path)


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, probes, probes.models, probes.corpora, probes.analyses, probes.store\n"
        "heavy = ('torch', 'transformers', 'streamlit', 'altair', 'sklearn', 'distributed')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


# ---- sizes -----------------------------------------------------------------------------------------------------------


@each_file
def test_files_and_functions_are_short(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    said = any(line.startswith("# limit: ") for line in lines)
    assert len(lines) <= LINES or said, f"{name_of(path)} has {len(lines)} lines"
    for node in functions(path):
        length = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring(node)
        assert length <= FUNCTION or excused(path, node.lineno), (
            f"{name_of(path)}:{node.lineno} {node.name} has {length} lines"
        )


@each
def test_functions_are_annotated_and_take_six_parameters_at_most(path: Path) -> None:
    for node in functions(path):
        at = f"{name_of(path)}:{node.lineno} {node.name}"
        everyone = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        named = [a for a in everyone if a.arg not in ("self", "cls")]
        assert len(named) <= PARAMETERS or excused(path, node.lineno), f"{at} takes {len(named)} parameters"
        bare = [a.arg for a in [*named, node.args.vararg, node.args.kwarg] if a and a.annotation is None]
        assert not bare, f"{at}: {', '.join(bare)} not annotated"
        assert node.returns is not None, f"{at}: what it returns is not annotated"


@each
def test_modules_say_their_idea_first(path: Path) -> None:
    assert (ast.get_docstring(tree_of(path)) or "").strip(), f"{name_of(path)} has no docstring"


# ---- what is never called --------------------------------------------------------------------------------------------

NEVER = {
    "eval",
    "exec",
    "os.system",
    "os.popen",
    "torch.load",
    "yaml.load",
    "pickle.load",
    "pickle.loads",
    "numpy.load",
}
NEVER_IMPORTED = {"pickle", "dill", "shelve", "marshal", "joblib", "cloudpickle"}


def called(node: ast.Call) -> str:
    parts, at = [], node.func
    while isinstance(at, ast.Attribute):
        parts.append(at.attr)
        at = at.value
    return ".".join([*([at.id] if isinstance(at, ast.Name) else ["?"]), *reversed(parts)])


UNPICKLES = "probes/models/unpickle.py"
"""The one file that may open a pickle: many checkpoints of this field exist as nothing else. It is run as a program of
its own without network, processes or writing, and reads with torch's restricted reader only."""


def _opens_weights_only(path: Path, node: ast.Call) -> bool:
    restricted = [k.value for k in node.keywords if k.arg == "weights_only"]
    true = any(isinstance(value, ast.Constant) and value.value is True for value in restricted)
    return name_of(path) == UNPICKLES and called(node) == "torch.load" and true


def test_what_opens_pickles_is_never_called_in_this_process() -> None:
    """Its path is all that is used of it: nobody calls what is in it, and it knows nothing of Strata."""
    assert not [name for name in imports(ROOT / UNPICKLES) if name.startswith("probes")]
    users = [path for path in PRODUCT if any(name == "probes.models.unpickle" for name in imports(path))]
    assert [name_of(path) for path in users] == ["probes/models/convert.py"]
    used = [n.attr for n in ast.walk(tree_of(users[0])) if isinstance(n, ast.Attribute)
            and isinstance(n.value, ast.Name) and n.value.id == "unpickle"]  # fmt: skip
    assert used == ["__file__"]


@each
def test_nothing_dangerous_is_called(path: Path) -> None:
    prints = name_of(path) == "probes/__main__.py" or room_of(path) == "commands"
    for name in imports(path):
        assert name.split(".")[0] not in NEVER_IMPORTED, f"{name_of(path)} imports {name}"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{name_of(path)}:{node.lineno} has a bare except"
        if isinstance(node, ast.Call):
            at = f"{name_of(path)}:{node.lineno} calls {called(node)}"
            assert called(node) not in NEVER or _opens_weights_only(path, node), at
            assert called(node) != "print" or prints, at
            for keyword in node.keywords:
                true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
                risky = {"shell", "allow_pickle", "unsafe_allow_html", "unsafe_allow_javascript", "trust_remote_code"}
                assert not (keyword.arg in risky and true), f"{at} with {keyword.arg}=True"
