import ast
import inspect
import json.decoder
import os
from collections import Counter
from pathlib import Path

import pytest

from probes.corpora.functions import (
    HAS_NUL,
    LARGEST_FILE,
    NOT_ALONE,
    NOT_UTF8,
    SYNTAX,
    TOO_LARGE,
    UNREADABLE,
    functions,
    read_source,
)

FILES = {
    "python": "@d\ndef a(): return 1\nclass A:\n    async def b(self):\n        def c(): pass\n        return c\n",
    "javascript": "export function a() { return 1 }\nclass A { b() { function c() {} } }\n",
    "go": "package main\nfunc a() int { return 1 }\nfunc (x *X) b() { func() {}() }\n",
    "java": "class A { A() { x(); }\n abstract int no();\n int b() { return 1; } }\n",
    "c": "#include <x.h>\nint no(void);\nint a(void) { return 1; }\nint b(int x) { return x; }\n",
    "cpp": "namespace n { class A { A() : x(1) {} int no(); }; int A::b() const { return [] { return 1; }(); } }\n",
    "rust": "fn a() -> i32 { 1 }\nimpl A { pub fn b(&self) { fn c() {} } }\ntrait T { fn no(&self); }\n",
    "ruby": "def a\n  1\nend\nclass A\n  def self.b(x)\n    x\n  end\nend\n",
    "php": "<html><?php function a() { return 1; }\nclass A { public function b() { return 2; } } ?></html>\n",
    "typescript": (
        "export function a(): number { return 1 }\nclass A { private b(): void { } }\ndeclare function no(): void;"
    ),
    "tsx": "function a() { return <b/>; }\nclass A { b() { return <i/>; } }\n",
    "csharp": "namespace N { class A { public A() { X(); } int b() => 1; } interface I { int no(); } }\n",
}


def texts(code: str, language: str = "python") -> list[str]:
    return [text.text for text in functions(code, language, path="f")]


@pytest.mark.parametrize("language", FILES)
def test_functions_and_methods_but_not_the_ones_inside_them(language: str) -> None:
    skipped: Counter[str] = Counter()
    found = list(functions(FILES[language], language, path="a/f.x", skipped=skipped))
    assert len(found) == 2
    assert all(text.language == language for text in found)
    assert all("no(" not in text.text for text in found)
    assert not skipped


def test_origin_is_the_line_and_the_text_is_dedented() -> None:
    code = "class A:\n\n    @property\n    def b(self):\n        '''x\n      y'''\n        return 1\n"
    (found,) = functions(code, "python", path="a/b.py")
    assert found.origin == "a/b.py:4"
    assert found.text == "def b(self):\n    '''x\n  y'''\n    return 1"


def test_dedent_leaves_lines_that_stand_further_left() -> None:
    code = "class A {\n  int f() {\n#if X\n    g();\n#endif\n    return 1;\n  }\n};\n"
    assert texts(code, "cpp") == ["int f() {\n#if X\n  g();\n#endif\n  return 1;\n}"]


def test_python_functions_are_those_of_the_standard_parser() -> None:
    """Against `ast` on a real file: the same outermost functions at the same lines."""
    path = Path(inspect.getsourcefile(json.decoder) or "")
    code = path.read_text()
    lines = set()
    waiting: list[ast.AST] = [ast.parse(code)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines.add(node.lineno)
        else:
            waiting += ast.iter_child_nodes(node)
    assert {int(text.origin.split(":")[1]) for text in functions(code, "python", path="f")} == lines


def test_a_broken_function_is_counted_and_its_neighbours_kept() -> None:
    skipped: Counter[str] = Counter()
    code = "int a(void) { return 1; }\nint b(void) { return 1 +; }\nint c(void) { return 2; }\n"
    assert len(list(functions(code, "c", path="f", skipped=skipped))) == 2
    assert skipped == {SYNTAX: 1}


def test_a_method_that_reads_as_a_call_alone_is_counted() -> None:
    skipped: Counter[str] = Counter()
    code = "class A {\n  run(a)\n  {\n    return a;\n  }\n  ok(a) {\n    return a;\n  }\n}\n"
    assert [t.text for t in functions(code, "javascript", path="f", skipped=skipped)] == ["ok(a) {\n  return a;\n}"]
    assert skipped == {NOT_ALONE: 1}


def test_deep_and_long_files() -> None:
    deep = "def f():\n    return " + "(" * 1000 + "1" + ")" * 1000 + "\n"
    assert len(texts(deep)) == 1
    blocks = "".join("{" for _ in range(1000)) + "}" * 1000
    assert len(texts(f"void f() {{ {blocks} }}", "c")) == 1
    assert len(texts("x = {\n" + "1: 2,\n" * 20_000 + "}\ndef f(): pass\n")) == 1


def test_nothing_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    assert len(texts(f"open({str(mark)!r}, 'w')\ndef f(x=open({str(mark)!r}, 'w')): pass\n")) == 1
    assert not mark.exists()


# ---- reading ---------------------------------------------------------------------------------------------------------


def test_reading_normalises_line_ends_and_drops_the_mark(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xef\xbb\xbfdef f():\r\n    return 1\r\n")
    assert read_source(tmp_path / "a.py", Counter()) == "def f():\n    return 1\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"x = '\xe9'\n", NOT_UTF8), (b"x = 1\0\n", HAS_NUL), (b"#" * (LARGEST_FILE + 1), TOO_LARGE)],
)
def test_files_that_are_left_out_are_counted(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.py").write_bytes(data)
    skipped: Counter[str] = Counter()
    assert read_source(tmp_path / "a.py", skipped) is None
    assert skipped == {reason: 1}


def test_a_file_of_just_two_megabytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"#" * LARGEST_FILE)
    assert read_source(tmp_path / "a.py", Counter()) is not None


def test_what_is_gone_or_not_a_file_is_counted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    skipped: Counter[str] = Counter()
    assert read_source(tmp_path / "gone.py", skipped) is None
    assert read_source(tmp_path / "pipe.py", skipped) is None
    assert skipped == {UNREADABLE: 2}
