"""The programming languages Strata reads: a row each, with a pinned tree-sitter grammar and what a function is in it.

A grammar release can rename nodes, and with them the labels a probe learns (the Python grammar after 0.25.0 loses
`expression_statement`), so every row names the release its node types were read from.
"""

import importlib
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from tree_sitter import Language, Parser

from probes.errors import StrataError, did_you_mean

CLASS = ("class Main {\n", "\n}")
"""What stands around a method or constructor that does not parse at top level."""


@dataclass(frozen=True)
class Grammar:
    """A language: where its grammar is, which files hold it, and which nodes are functions and comments."""

    wheel: str
    pinned: str
    extensions: tuple[str, ...]
    functions: frozenset[str]
    comments: frozenset[str] = frozenset({"comment"})
    function: str = "language"
    """The wheel's function that returns the grammar for a piece of code."""
    file_function: str = ""
    """The same for a whole file, where that differs (PHP files start as HTML)."""
    wrapper: tuple[str, str] | None = None
    """Text put around a piece that does not parse alone; its words are never part of the piece's tree."""
    docstrings: bool = False

    @property
    def module(self) -> str:
        """The name the wheel is imported by."""
        return self.wheel.replace("-", "_")

    @property
    def version(self) -> str:
        """The installed release of the grammar; E-GRAMMAR-MISSING when there is none."""
        try:
            return metadata.version(self.wheel)
        except metadata.PackageNotFoundError:
            raise _missing(self) from None


def _kinds(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SCRIPT = _kinds("function_declaration generator_function_declaration method_definition")
_SCRIPT_COMMENTS = _kinds("comment html_comment")
_SLASHES = _kinds("line_comment block_comment")

LANGUAGES: dict[str, Grammar] = {
    "python": Grammar("tree-sitter-python", "0.25.0", (".py",), _kinds("function_definition"), docstrings=True),
    "javascript": Grammar(
        "tree-sitter-javascript",
        "0.25.0",
        (".js", ".mjs", ".cjs", ".jsx"),
        _SCRIPT,
        _SCRIPT_COMMENTS,
        wrapper=CLASS,
    ),
    "go": Grammar("tree-sitter-go", "0.25.0", (".go",), _kinds("function_declaration method_declaration")),
    "java": Grammar(
        "tree-sitter-java",
        "0.23.5",
        (".java",),
        _kinds("method_declaration constructor_declaration"),
        _SLASHES,
        wrapper=CLASS,  # a bare method parses, a bare constructor does not
    ),
    "c": Grammar("tree-sitter-c", "0.24.2", (".c", ".h"), _kinds("function_definition")),
    "cpp": Grammar(
        "tree-sitter-cpp",
        "0.23.4",
        (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"),
        _kinds("function_definition"),
    ),
    "rust": Grammar("tree-sitter-rust", "0.24.2", (".rs",), _kinds("function_item"), _SLASHES),
    "ruby": Grammar("tree-sitter-ruby", "0.23.1", (".rb",), _kinds("method singleton_method")),
    "php": Grammar(
        "tree-sitter-php",
        "0.25.1",
        (".php",),
        _kinds("function_definition method_declaration"),
        function="language_php_only",
        file_function="language_php",
        wrapper=CLASS,
    ),
    "typescript": Grammar(
        "tree-sitter-typescript",
        "0.23.2",
        (".ts", ".mts", ".cts"),
        _SCRIPT,
        _SCRIPT_COMMENTS,
        function="language_typescript",
        wrapper=CLASS,
    ),
    "tsx": Grammar(  # its own language: `<T>x` is a cast in TypeScript and an element here
        "tree-sitter-typescript",
        "0.23.2",
        (".tsx",),
        _SCRIPT,
        _SCRIPT_COMMENTS,
        function="language_tsx",
        wrapper=CLASS,
    ),
    "csharp": Grammar(
        "tree-sitter-c-sharp",
        "0.23.5",
        (".cs",),
        _kinds("method_declaration constructor_declaration local_function_statement"),
        wrapper=CLASS,
    ),
}


def grammar(language: str) -> Grammar:
    """Return the row of a language; E-LANGUAGE-UNKNOWN names the nearest one and all there are."""
    if language in LANGUAGES:
        return LANGUAGES[language]
    why = f"{did_you_mean(language, LANGUAGES)}Strata reads {', '.join(LANGUAGES)}."
    raise StrataError("E-LANGUAGE-UNKNOWN", f"There is no grammar for the language '{language}'.", why)


@cache
def tree_sitter_language(language: str, *, file: bool = False) -> Language:
    """Return the compiled grammar of a language, imported on first use; E-GRAMMAR-MISSING without its wheel."""
    row = grammar(language)
    try:
        wheel = importlib.import_module(row.module)
    except ImportError:
        raise _missing(row) from None
    return Language(getattr(wheel, (file and row.file_function) or row.function)())


def parser(language: str, *, file: bool = False) -> Parser:
    """Return a new parser for pieces of a language (`file`: for whole files); threads do not share parsers."""
    return Parser(tree_sitter_language(language, file=file))


def _missing(row: Grammar) -> StrataError:
    what = f"The grammar wheel '{row.wheel}' is not installed."
    return StrataError("E-GRAMMAR-MISSING", what, fix=f"Run: pip install {row.wheel}=={row.pinned}")
