"""The house rules, read from the source itself: which way imports point, how long things are, what is never called."""

import ast
import subprocess
import sys
from pathlib import Path

import house
import pytest
from house import (
    FUNCTION,
    LINES,
    ONLY,
    PAGE,
    PARAMETERS,
    PRODUCT,
    RANK,
    ROOMS,
    ROOT,
    TOOLS,
    Complaints,
    Rule,
    excused,
    explained,
    functions,
    imports,
    name_of,
    room_of,
    tree_of,
)

# ---- imports ---------------------------------------------------------------------------------------------------------


def imports_point_one_way(path: Path) -> Complaints:
    here = room_of(path)
    for name in imports(path):
        if not name.startswith("probes.") or name.startswith("probes.__") or not here:
            continue
        there = name.split(".")[1]
        if there not in RANK:
            yield f"imports {name}, which stands nowhere in ORDER"
        elif not (there == here or RANK[there] == RANK[here] == 0 or RANK[there] < RANK[here]):
            yield f"({here}) must not import {name}"


def each_library_has_one_door(path: Path) -> Complaints:
    here = room_of(path)
    for name in imports(path):
        library = name.split(".")[0]
        at_the_front = library == "streamlit" and path in house.PAGES
        if here not in ONLY.get(library, {here}) and not at_the_front:
            yield f"must not import {library}"


def a_page_is_short_and_only_asks_and_shows(path: Path) -> Complaints:
    if path not in house.PAGES:
        return
    if len(path.read_text("utf-8").splitlines()) > PAGE:
        yield f"has more than {PAGE} lines"
    allowed = {"probes.ui", "streamlit", "typing"} | {f"probes.{room}" for room in ROOMS}
    for name in imports(path):
        if not any(name == a or name.startswith(a + ".") for a in allowed):
            yield f"imports {name}"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Try):
            yield f":{node.lineno} has a try"
        if getattr(node, "attr", "") == "session_state":
            yield f":{node.lineno} holds a state of its own"


def navigation_is_never_taken_over(path: Path) -> Complaints:
    """`st.navigation` beside a folder `pages` loses the shared frame of pages opened by their address."""
    if any(getattr(node, "attr", "") == "navigation" for node in ast.walk(tree_of(path))):
        yield "takes over the navigation"


def test_importing_the_package_is_light() -> None:
    code = (
        "import sys, probes, probes.models, probes.corpora, probes.analyses, probes.store\n"
        "heavy = ('torch', 'transformers', 'streamlit', 'altair', 'sklearn', 'distributed')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")


# ---- sizes -----------------------------------------------------------------------------------------------------------


def files_and_functions_are_short(path: Path) -> Complaints:
    lines = path.read_text("utf-8").splitlines()
    if len(lines) > LINES and not any(line.startswith("# limit: ") for line in lines):
        yield f"has {len(lines)} lines"
    for node in functions(path):
        length = (node.end_lineno or node.lineno) - node.lineno + 1 - explained(node)
        if length > FUNCTION and not excused(path, node.lineno):
            yield f":{node.lineno} {node.name} has {length} lines"


def functions_are_annotated_and_take_six_parameters_at_most(path: Path) -> Complaints:
    for node in functions(path):
        at = f":{node.lineno} {node.name}"
        everyone = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        named = [a for a in everyone if a.arg not in ("self", "cls")]
        if len(named) > PARAMETERS and not excused(path, node.lineno):
            yield f"{at} takes {len(named)} parameters"
        bare = [a.arg for a in [*named, node.args.vararg, node.args.kwarg] if a and a.annotation is None]
        if bare:
            yield f"{at}: {', '.join(bare)} not annotated"
        if node.returns is None:
            yield f"{at}: what it returns is not annotated"


def modules_say_their_idea_first(path: Path) -> Complaints:
    if not (ast.get_docstring(tree_of(path)) or "").strip():
        yield "has no docstring"


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
RISKY = {"shell", "allow_pickle", "unsafe_allow_html", "unsafe_allow_javascript", "trust_remote_code"}
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


def nothing_dangerous_is_called(path: Path) -> Complaints:
    prints = name_of(path) == "probes/__main__.py" or room_of(path) == "commands"
    for name in imports(path):
        if name.split(".")[0] in NEVER_IMPORTED:
            yield f"imports {name}"
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f":{node.lineno} has a bare except"
        if not isinstance(node, ast.Call):
            continue
        at = f":{node.lineno} calls {called(node)}"
        if called(node) in NEVER and not _opens_weights_only(path, node):
            yield at
        if called(node) == "print" and not prints:
            yield at
        for keyword in node.keywords:
            true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            if keyword.arg in RISKY and true:
                yield f"{at} with {keyword.arg}=True"


# ---- every rule over every file --------------------------------------------------------------------------------------

RULES = (
    imports_point_one_way,
    each_library_has_one_door,
    a_page_is_short_and_only_asks_and_shows,
    navigation_is_never_taken_over,
    files_and_functions_are_short,
    functions_are_annotated_and_take_six_parameters_at_most,
    modules_say_their_idea_first,
    nothing_dangerous_is_called,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rule(rule: Rule) -> None:
    files = PRODUCT + TOOLS if rule is files_and_functions_are_short else PRODUCT
    complaints = [f"{name_of(path)} {said}" for path in files for said in rule(path)]
    assert not complaints, "\n".join(complaints)


BROKEN = (
    """
import pickle
from probes.ui import shell
import altair
def long(a, b, c, d, e, f, g) -> None:
    try:
        print(eval(a), shell=True)
    except:
        st.navigation
def bare(x):
    return x
"""
    + "\n".join(f"    # {line}" for line in range(LINES))
    + "\n    return 1\n"
)


def test_a_file_that_breaks_every_rule_is_complained_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "ROOT", tmp_path)
    path = tmp_path / "probes" / "store" / "broken.py"
    path.parent.mkdir(parents=True)
    path.write_text(BROKEN, "utf-8")
    monkeypatch.setattr(house, "PAGES", [path])
    for rule in RULES:
        assert list(rule(path)), rule.__name__
    said = "\n".join(nothing_dangerous_is_called(path))
    assert all(word in said for word in ("pickle", "bare except", "eval", "print", "shell=True"))
