import pytest

from probes.corpora.snippets import normalise, parse_snippet

METHODS = [
    ("python", "def f(self): return 1"),
    ("javascript", "foo(a) { return a; }"),
    ("javascript", "static async *#p() { yield 1; }"),
    ("javascript", "get x() { return 1; }"),
    ("typescript", "private async foo(a: number): Promise<void> { return; }"),
    ("tsx", "render() { return <b/>; }"),
    ("java", "@Override\npublic int f(int a) { return a; }"),
    ("java", "Main(int a) { this.a = a; }"),
    ("go", "func (s *S) f() {}"),
    ("c", "static int f(int a) { return a; }"),
    ("cpp", "explicit Foo(int a) : b(a) {}"),
    ("cpp", "int A::f() const override { return 1; }"),
    ("rust", "pub fn f(&mut self) {}"),
    ("ruby", "def self.f(a) = a"),
    ("php", "public static function f() { return 1; }"),
    ("php", "function f($a) { return $a; }"),
    ("csharp", "public Main(int a) : base(a) { x = a; }"),
    ("csharp", "[A] public override async Task<int> F<T>(T a) where T : class => await a;"),
]


@pytest.mark.parametrize(("language", "code"), METHODS)
def test_every_kind_of_function_stands_alone_and_is_one_node(language: str, code: str) -> None:
    data = code.encode()
    found = parse_snippet(data, language)
    assert found.clean
    (top,) = found.tops
    assert data[top.start_byte - found.offset : top.end_byte - found.offset] == data
    assert top.text == data


@pytest.mark.parametrize("code", ["foo() {} } class B { bar() {}", "foo() {", "} {", "foo() {} /*", "x = = 1"])
def test_a_piece_cannot_break_out_of_the_wrapper(code: str) -> None:
    assert not parse_snippet(code.encode(), "javascript").clean


def test_a_missing_token_is_not_clean() -> None:
    assert not parse_snippet(b"int f() { return 1 }", "c").clean


def test_line_endings_and_byte_order_mark() -> None:
    assert normalise("\ufeffa\r\nb\rc\n\r\n") == "a\nb\nc\n\n"
    assert normalise("a\x0cb\u2028c") == "a\x0cb\u2028c"
