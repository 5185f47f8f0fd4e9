import json
import subprocess
import sys
from pathlib import Path

import pytest

import probes

ROOT = Path(__file__).parents[1]
HEAVY = {
    "torch",
    "transformers",
    "streamlit",
    "altair",
    "pandas",
    "numpy",
    "pydantic",
    "distributed",
    "dask",
    "sklearn",
}


def modules_after(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after running `code`."""
    code += "\nimport json, sys\nprint(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return set(json.loads(run.stdout))


def test_importing_strata_imports_nothing_heavy() -> None:
    assert modules_after("import probes; probes.__version__, probes.__all__") & HEAVY == set()


def test_a_question_can_be_written_down_without_torch() -> None:
    loaded = modules_after("import probes; probes.SyntaxSpec().digest; probes.run; probes.corpus")
    assert loaded & {"torch", "transformers", "streamlit", "altair", "distributed", "dask"} == set()


def test_every_name_that_is_promised_is_there() -> None:
    for name in probes.__all__:
        assert getattr(probes, name) is not None
    assert probes.run is __import__("probes.engine").engine.run
    assert probes.SyntaxSpec.kind == "syntax"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'probes' has no attribute 'no_such'"):
        probes.no_such  # noqa: B018
    assert not hasattr(probes, "__wrapped__")  # what inspect and doctest ask of every module
