import ast
import platform
from itertools import islice

import pytest

from probes import corpora
from probes.corpora import python_stdlib
from probes.errors import StrataError


def test_the_library_is_there_without_tests_and_packages() -> None:
    names = python_stdlib.files()
    assert {"json/decoder.py", "argparse.py", "asyncio/tasks.py"} <= set(names)
    parts = {part for name in names for part in name.split("/")[:-1]}
    assert not parts & {"test", "tests", "idle_test", "site-packages", "dist-packages"}


def test_the_first_functions_are_functions() -> None:
    texts = list(islice(corpora.stream("python-stdlib"), 60))
    assert len({text.text for text in texts}) == 60
    assert len({text.origin.split(":")[0] for text in texts}) > 3
    for text in texts:
        (node,) = ast.parse(text.text).body
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        assert text.language == "python"


def test_load_takes_a_prefix() -> None:
    ten, five = corpora.load("python-stdlib", n=10), corpora.load("python-stdlib", n=5)
    assert ten.texts[:5] == five.texts
    assert list(ten.labels.columns) == ["origin", "language"]
    assert corpora.load("python-stdlib", n=5, seed=1).texts != five.texts


def test_the_pin_names_this_interpreter() -> None:
    pinned = corpora.pin("python-stdlib")
    assert pinned == f"python-stdlib@{platform.python_version()}"
    assert corpora.pin(pinned) == pinned
    assert next(corpora.stream(pinned)) == next(corpora.stream("python-stdlib"))


def test_another_interpreters_library_is_refused() -> None:
    with pytest.raises(StrataError, match=r"Run it with Python 2\.7\.18, or ask for 'python-stdlib'.*E-CORPUS-MOVED"):
        corpora.stream("python-stdlib@2.7.18")
    assert corpora.pin("python-stdlib@2.7.18") == "python-stdlib@2.7.18"


def test_another_language_is_refused() -> None:
    with pytest.raises(StrataError, match=r"has no rust.*E-CORPUS-LANGUAGE"):
        corpora.stream("python-stdlib", language="rust")
    assert next(corpora.stream("python-stdlib", language="python"))


def test_an_interpreter_without_sources_is_an_empty_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_stdlib.sysconfig, "get_paths", lambda: {"stdlib": "/nowhere/python.zip"})
    with pytest.raises(StrataError, match=r"no \.py files under /nowhere/python\.zip.*E-CORPUS-EMPTY"):
        corpora.stream("python-stdlib")
