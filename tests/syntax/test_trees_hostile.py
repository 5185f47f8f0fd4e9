"""What `trees.parse` makes of odd layout and hostile text: a stated policy or a clear refusal."""

import pytest

from probes.corpora import trees
from probes.corpora.trees import parse
from probes.errors import StrataError


def words(code: str, language: str = "python") -> list[str]:
    return list(parse(code, language).words)


def refusal(code: str, language: str = "python") -> StrataError:
    with pytest.raises(StrataError) as caught:
        parse(code, language)
    return caught.value


def test_line_endings_and_the_byte_order_mark_do_not_matter() -> None:
    assert parse("\ufeffif a:\r\n    b = 1\r\n", "python") == parse("if a:\n    b = 1\n", "python")
    assert parse("if a:\r    b = 1\r", "python").text == "if a:\n    b = 1\n"


def test_tabs_emoji_and_right_to_left_text() -> None:
    tree = parse("def f():\n\tx = '😀'; y = 'שלום' + é\n", "python")
    assert tree.words == ("def", "f", "(", ")", ":", "x", "=", "'😀'", ";", "y", "=", "'שלום'", "+", "é")


@pytest.mark.parametrize("code", ["", "  \n\t\n", "# only a comment", '"""only a docstring"""', "\ufeff"])
def test_code_without_words_is_empty(code: str) -> None:
    assert refusal(code).code == "E-EMPTY"


def test_one_word_is_code() -> None:
    tree = parse("x", "python")
    assert (tree.words, tree.types) == (("x",), ("module", "expression_statement", "identifier"))


@pytest.mark.parametrize(
    ("code", "language", "line", "column"),
    [
        ("x = 1\ny = = 2\n", "python", 2, 5),
        ("é = 'é'; ) = 2", "python", 1, 10),
        ("int f() { return 1 }", "c", 1, 19),
        ("# é\n\nf(a", "python", 3, 1),
        ("class A { int x = ; }", "java", 1, 17),
    ],
)
def test_a_syntax_error_says_where(code: str, language: str, line: int, column: int) -> None:
    error = refusal(code, language)
    assert error.code == "E-SYNTAX"
    assert f"line {line}, column {column}." in error.what
    assert language in error.what


def test_a_missing_token_is_a_syntax_error_and_is_named() -> None:
    assert "';' is missing" in refusal("int f() { return 1 }", "c").why


@pytest.mark.parametrize("code", ['def f():\n    """doc"""\n', "class A:\n    # c\n", "if x:\n    \ny = 1"])
def test_a_body_without_words_is_refused(code: str) -> None:
    error = refusal(code)
    assert error.code == "E-EMPTY-NODE"
    assert "'block' at line 1" in error.what


def test_text_that_is_not_text_is_refused() -> None:
    assert refusal("x = '\r\n\0'").code == "E-TEXT"
    assert "Character 8 is NUL" in refusal("x = '\r\n\0'").why
    assert refusal("x = '\ud800'").code == "E-TEXT"


def test_too_long_a_text_is_refused_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "LONGEST", 5)
    assert words("x=123")
    error = refusal("x=1234")
    assert error.code == "E-TOO-LONG-TEXT"
    assert "6 characters; at most 5" in error.why


def test_an_unknown_language_is_refused_before_parsing() -> None:
    error = refusal("x", "pyhton")
    assert error.code == "E-LANGUAGE-UNKNOWN"
    assert "Did you mean 'python'?" in error.why


def test_a_thousand_deep_and_twenty_thousand_lines() -> None:
    assert len(words("(" * 1000 + "x" + ")" * 1000)) == 2001
    assert len(words("x = 1\n" * 20_000)) == 60_000
    assert refusal("(" * 100_000).code == "E-SYNTAX"


def test_white_space_is_never_a_word() -> None:
    tree = parse("x = `a ${b} ${c}\n`", "javascript")
    assert all(word.strip() for word in tree.words)
    assert "\n" not in words("#ifdef A\nint x;\n#endif\n", "c")
