import ast
import textwrap

import pytest
from code_of import CODE
from tree_sitter import Node

from probes.corpora.grammars import LANGUAGES
from probes.corpora.snippets import parse_snippet
from probes.corpora.trees import parse


def words(code: str, language: str = "python") -> list[str]:
    return list(parse(code, language).words)


def leaves_of(node: Node, shift: int = 0) -> list[tuple[str, bytes]]:
    """The words by plain recursion over tree-sitter's own nodes."""
    if node.type == "string" or "string_literal" in node.type or not node.children:
        return [(node.type, node.text or b"")] if (node.text or b"").strip() else []
    return [leaf for child in node.children for leaf in leaves_of(child)]


# ---- words and spans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_the_leaves_of_the_grammar_in_every_language(language: str) -> None:
    tree = parse(CODE[language], language)
    expected = [leaf for top in parse_snippet(CODE[language].encode(), language).tops for leaf in leaves_of(top)]
    assert [(tree.types[leaf], word.encode()) for leaf, word in zip(tree.leaves, tree.words, strict=True)] == expected
    assert "Main" not in tree.words


@pytest.mark.parametrize("language", LANGUAGES)
def test_spans_are_characters_and_words_cover_all_but_white_space(language: str) -> None:
    tree = parse(CODE[language], language)
    assert not tree.text.isascii()
    starts = [tree.spans[leaf] for leaf in tree.leaves]
    gaps = [tree.text[end:start] for (_, end), (start, _) in zip(starts, starts[1:], strict=False)]
    assert "".join(gaps).strip() == ""
    assert "".join("".join(tree.words).split()) == "".join(tree.text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_nodes_are_in_preorder_and_parents_hold_their_children(language: str) -> None:
    tree = parse(CODE[language], language)
    assert tree.parents[0] == -1
    below = tree.children()
    assert [node for node, children in enumerate(below) if not children] == list(tree.leaves)
    for node in range(1, len(tree.types)):
        parent = tree.parents[node]
        assert 0 <= parent < node
        assert tree.spans[parent][0] <= tree.spans[node][0] < tree.spans[node][1] <= tree.spans[parent][1]
    assert all(children == sorted(children) for children in below)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_has_a_category(language: str) -> None:
    tree = parse(CODE[language], language)
    assert set(tree.categories) <= {"keyword", "identifier", "literal", "operator", "punctuation"}
    assert len(tree.categories) == len(tree.words)
    assert {"keyword", "identifier", "punctuation"} <= set(tree.categories)


def test_categories_of_a_known_line() -> None:
    tree = parse("if not x >= 1.5: f('a', None)", "python")
    assert dict(zip(tree.words, tree.categories, strict=True)) == {
        "if": "keyword",
        "not": "keyword",
        "x": "identifier",
        ">=": "operator",
        "1.5": "literal",
        ":": "punctuation",
        "f": "identifier",
        "(": "punctuation",
        "'a'": "literal",
        ",": "punctuation",
        "None": "literal",
        ")": "punctuation",
    }


@pytest.mark.parametrize(
    ("code", "language", "word"),
    [
        ("x = 'a # b'", "python", "'a # b'"),
        ('x = f"{a + 1} b"', "python", 'f"{a + 1} b"'),
        ('x = """a\n\n  b"""', "python", '"""a\n\n  b"""'),
        ('x := "a // b"', "go", '"a // b"'),
        ("x := `a\n// b`", "go", "`a\n// b`"),
        ('int x = f("/* a */");', "c", '"/* a */"'),
        ('String x = "a\\"// b";', "java", '"a\\"// b"'),
        ('let x = r#"a "b" c"#;', "rust", 'r#"a "b" c"#'),
    ],
)
def test_a_string_is_one_word_with_its_quotes(code: str, language: str, word: str) -> None:
    code = f"func f() {{\n{code}\n}}" if language == "go" else code
    code = f"fn f() {{\n{code}\n}}" if language == "rust" else code
    assert word in words(code, language)


def test_template_and_concatenated_strings_keep_their_parts() -> None:
    assert words("x = `a ${b} c`", "javascript") == ["x", "=", "`", "a ", "${", "b", "}", " c", "`"]
    assert words("x = 'a' 'b'") == ["x", "=", "'a'", "'b'"]
    assert words('$x = "a $b";', "php") == ["$", "x", "=", '"', "a ", "$", "b", '"', ";"]


# ---- comments and docstrings -----------------------------------------------------------------------------------------


def test_comments_and_docstrings_go_and_the_rest_stays() -> None:
    code = '''\
"""Module."""
# first

class A:  # trailing
    # before the docstring
    """Doc
    of A."""  # after it

    def f(self, a,  # one
          b):
        "doc"; return a  # two

    x = "not a docstring"
    "nor this"
'''
    assert parse(code, "python").text == (
        'class A:\n\n    def f(self, a,\n          b):\n        return a\n\n    x = "not a docstring"\n    "nor this"\n'
    ).replace("class", "\nclass", 1)


@pytest.mark.parametrize(
    "literal", ["'d'", '"d"', '"""d"""', "r'd'", "u'd'", "'a' 'b'", "b'd'", "f'd'", "'a' f'b'", "3"]
)
@pytest.mark.parametrize("holder", ["", "class A:", "def f():", "async def f():", "if x:"])
def test_a_docstring_is_what_python_says_it_is(literal: str, holder: str) -> None:
    body = f"# c\n{literal}\ny = 1\n"
    code = f"{holder}\n{textwrap.indent(body, '    ')}" if holder else body
    module = ast.parse(code)
    holding = module.body[0] if holder else module
    documented = not isinstance(holding, ast.If) and ast.get_docstring(holding) is not None  # type: ignore[arg-type]
    assert (literal.split()[-1] not in words(code)) == documented


@pytest.mark.parametrize(
    ("code", "language", "clean"),
    [
        ("a = 1 # é\nb = 2", "python", "a = 1\nb = 2"),
        ("f(a, /* c */ b);", "c", "f(a, b);"),
        ("int/**/x;", "c", "int x;"),
        ("/* one\n two */\nint x; // é\n/* a */ // b\nint y;", "c", "int x;\nint y;"),
        ("x = 1 /* one\n two */ + 2;", "javascript", "x = 1\n+ 2;"),
        ("const u = `http://a.b/c`; // d", "javascript", "const u = `http://a.b/c`;"),
        ("/// doc\n/** d */\nfn f() {} // c\n", "rust", "fn f() {}\n"),
        ("func f() int {\n\treturn 1 /* a\n*/\n}", "go", "func f() int {\n\treturn 1\n}"),
        ("=begin\nx\n=end\ny = 1 # c", "ruby", "y = 1"),
        ("$x = 1; # a\n// b\n#[A]\nfunction f() {}", "php", "$x = 1;\n#[A]\nfunction f() {}"),
        ("// é\nMain(int a) { x = a; /* b */ }", "java", "Main(int a) { x = a; }"),
    ],
)
def test_comments_of_other_languages_leave_the_rest_as_it_was(code: str, language: str, clean: str) -> None:
    assert parse(code, language).text == clean


@pytest.mark.parametrize("language", LANGUAGES)
def test_comment_removal_changes_nothing_else(language: str) -> None:
    kind = "#" if language in ("python", "ruby") else "//"
    plain = CODE[language]
    commented = "".join(f"{kind} é 'x\n{line}" for line in plain.splitlines(keepends=True))
    assert parse(commented, language).text == plain
    assert parse(commented, language) == parse(plain, language)
    assert parse(plain, language).text == plain


def test_javascript_in_which_a_string_holds_a_comment_is_untouched() -> None:
    code = "f('it\\'s // no comment', `${a /* gone */} // kept`, /[/*]/);"
    assert parse(code, "javascript").text == "f('it\\'s // no comment', `${a } // kept`, /[/*]/);"
