import ast
from pathlib import Path
from typing import Any

import pytest
from fakes_run import saved
from hostile import TEXTS

from probes import analyses, export
from probes.errors import StrataError
from probes.export.script import folders, literal, needed
from probes.syntax import SnippetSpec, SyntaxSpec


@pytest.mark.parametrize("text", [*TEXTS, "x" * 250, "line\n" * 3, 'a\n"""\nb'], ids=range(len(TEXTS) + 3))
def test_a_text_is_the_same_after_python_read_it(text: str) -> None:
    source = literal(text)
    assert ast.literal_eval(source) == text
    assert max(len(line) for line in source.splitlines()) < 500
    assert "\u202e" not in source


@pytest.mark.parametrize("value", [None, True, 3, 0.1, -1e-300, ("a", "b\n"), ()])
def test_other_plain_values_are_too(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


def test_every_field_is_written_out_and_what_must_be_there_is_said(strata_home: Path) -> None:
    spec = saved()
    text = export.file_bytes(spec, analyses.result_of(spec.digest), "py").decode()
    for name in SyntaxSpec.model_fields:
        assert f"\n    {name}={literal(getattr(spec, name))},\n" in text
    assert "# Must be on this machine, unchanged: /nowhere/at all\n" in text
    assert "# A note.\n" in text
    assert "torch 2.13.0" in text
    ast.parse(text)


def test_a_run_that_is_named_is_asked_first(strata_home: Path) -> None:
    trained = saved()
    spec = SnippetSpec(run=trained.digest, code="def f(a):\n    return a\n")
    assert needed(spec) == [trained]
    with pytest.raises(StrataError, match="rests on run '0000.*not in the store") as refusal:
        needed(SnippetSpec(run="0" * 32, code="x"))
    assert refusal.value.code == "E-RUN-UNKNOWN"


@pytest.mark.parametrize(
    ("corpus", "found"),
    [
        ("code:/a/b@0123456789ab", ["/a/b"]),
        ("code:/a/b", ["/a/b"]),
        ("python-stdlib@3.11.7", []),
        ("org/name", []),
        ("code:/a/\x00b", []),
    ],
)
def test_folders_are_told_from_names(corpus: str, found: list[str]) -> None:
    assert folders(SyntaxSpec(model="org/name", corpus=corpus)) == found
