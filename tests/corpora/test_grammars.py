import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import pytest

from probes.corpora import grammars
from probes.corpora.grammars import LANGUAGES, grammar, parser, tree_sitter_language
from probes.errors import StrataError, did_you_mean

WHOLE = {
    "python": "x = 1",
    "javascript": "let x = 1;",
    "go": "package main",
    "java": "class A { }",
    "c": "int x;",
    "cpp": "class A { };",
    "rust": "struct A;",
    "ruby": "x = 1",
    "php": "<p>html</p><?php echo 1;",
    "typescript": "let x: number = <number>1;",
    "tsx": "let x = <b/>;",
    "csharp": "class A { }",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_grammar_is_the_release_its_row_was_read_from(language: str) -> None:
    assert grammar(language).version == grammar(language).pinned


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_node_type_of_a_row_exists_in_its_grammar(language: str) -> None:
    known = tree_sitter_language(language)
    for kind in grammar(language).functions | grammar(language).comments:
        assert known.id_for_node_kind(kind, True) is not None, kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_parses_a_file(language: str) -> None:
    assert not parser(language, file=True).parse(WHOLE[language].encode()).root_node.has_error


def test_rows_are_written_down_and_do_not_change() -> None:
    assert list(WHOLE) == list(LANGUAGES)
    extensions = [extension for row in LANGUAGES.values() for extension in row.extensions]
    assert len(extensions) == len(set(extensions))
    with pytest.raises(FrozenInstanceError):
        LANGUAGES["go"].wheel = "x"  # type: ignore[misc]


def test_threads_do_not_share_a_parser() -> None:
    assert parser("go") is not parser("go")
    assert tree_sitter_language("go") is tree_sitter_language("go")


def test_an_unknown_language_names_the_nearest_and_all() -> None:
    with pytest.raises(StrataError, match=r"Did you mean 'javascript'\? Strata reads python, .*\[E-LANGUAGE-UNKNOWN\]"):
        grammar("Javascrip")
    assert did_you_mean("zzzz", LANGUAGES) == ""


def test_a_missing_wheel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = replace(LANGUAGES["go"], wheel="tree-sitter-gone", pinned="1.2.3")
    monkeypatch.setitem(grammars.LANGUAGES, "gone", gone)
    with pytest.raises(StrataError, match=r"pip install tree-sitter-gone==1\.2\.3 \[E-GRAMMAR-MISSING\]"):
        parser("gone")
    with pytest.raises(StrataError, match="E-GRAMMAR-MISSING"):
        assert gone.version


def test_importing_corpora_imports_no_grammar() -> None:
    code = "import sys, probes.corpora as c; c.table(); print([m for m in sys.modules if m.startswith('tree_sitter_')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
