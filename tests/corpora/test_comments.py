import pytest

from probes.corpora.comments import without_comments
from probes.corpora.snippets import parse_snippet


def cleaned(code: str, language: str = "python") -> str:
    data = code.encode()
    return without_comments(data, parse_snippet(data, language), language).decode()


def test_code_without_comments_is_the_same_object() -> None:
    data = b"x = '#'\n"
    assert without_comments(data, parse_snippet(data, "python"), "python") is data


@pytest.mark.parametrize(
    ("code", "clean"),
    [
        ("# a\nx = 1\n", "x = 1\n"),
        ("x = 1  # a\n\n\ny = 2", "x = 1\n\n\ny = 2"),
        ("if a:\n    # b\n    c()", "if a:\n    c()"),
        ("f(  # a\n  b,  # c\n)", "f(\n  b,\n)"),
        ("x = 1   \n# a", "x = 1   "),
        ("'a'; x = 1", "x = 1"),
        ("def f(): 'a'; return 1", "def f(): return 1"),
        ("def f():\n\t'''a\n\tb'''\n\treturn 1", "def f():\n\treturn 1"),
    ],
)
def test_only_lines_that_lost_something_change(code: str, clean: str) -> None:
    assert cleaned(code) == clean


def test_a_block_comment_leaves_a_blank_or_a_line_end_between_words() -> None:
    assert cleaned("int/*a*/x;", "c") == "int x;"
    assert cleaned("a = b/*\n*/c()", "javascript") == "a = b\nc()"  # the line end is what parts the two statements
    assert cleaned("/*a*//*b*/ x; /*c*/ /*d*/", "c") == "x;"


def test_a_comment_that_owns_its_line_end_leaves_the_next_line_alone() -> None:
    code = "struct A {\n    /// doc\n    x: i32, //! y\n    z: u8,\n}"
    assert cleaned(code, "rust") == "struct A {\n    x: i32,\n    z: u8,\n}"


def test_inside_the_wrapper_positions_are_those_of_the_piece() -> None:
    assert cleaned("foo(a) { // b\n  return /* c */ a; }", "javascript") == "foo(a) {\n  return a; }"


def test_a_blank_line_inside_a_string_stays() -> None:
    assert cleaned("x = '''a\n\nb # c\n'''  # d") == "x = '''a\n\nb # c\n'''"
