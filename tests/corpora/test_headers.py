"""Functions of installed packages' headers: which languages, from where, and what is refused."""

from itertools import islice
from pathlib import Path

import pytest

from probes import corpora
from probes.corpora import headers
from probes.errors import StrataError


@pytest.mark.parametrize(("language", "package"), [("c", "numpy"), ("cpp", "torch")])
def test_each_language_comes_from_packages_whose_headers_are_in_it(language: str, package: str) -> None:
    assert any(name.startswith(f"{package}/") for name in headers.files(language))
    texts = list(islice(corpora.stream("headers", language=language), 40))
    assert len({text.text for text in texts}) == 40
    assert {text.language for text in texts} == {language}
    assert all(text.text.rstrip().endswith("}") for text in texts)


def test_nothing_of_a_package_is_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "loud_package"
    (package / "include").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')", "utf-8")
    (package / "include" / "one.h").write_text("static int one(void) { return 1; }\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(headers.PACKAGES, "cpp", ("loud_package", "package_that_is_not_here"))
    assert list(headers.files("cpp")) == ["loud_package/include/one.h"]


def test_the_pin_names_what_is_installed() -> None:
    pinned = corpora.pin("headers")
    assert corpora.pin(pinned) == pinned
    assert corpora.unpinned(pinned) == "headers"
    assert next(corpora.stream(pinned, language="c")) == next(corpora.stream("headers", language="c"))


def test_other_releases_are_refused() -> None:
    with pytest.raises(StrataError, match=r"other releases .*numpy \d.*Ask for 'headers'.*E-CORPUS-MOVED"):
        corpora.stream("headers@0123456789ab", language="c")
    with pytest.raises(StrataError, match="E-CORPUS-MOVED"):
        corpora.preview("headers@0123456789ab", n=2)


@pytest.mark.parametrize(
    ("language", "said"), [("rust", "has no rust: it is c and cpp"), (None, "holds two languages: it is c and cpp")]
)
def test_one_of_its_languages_must_be_named(language: str | None, said: str) -> None:
    with pytest.raises(StrataError, match=rf"{said}.*language='c' or language='cpp'.*E-CORPUS-LANGUAGE"):
        corpora.stream("headers", language=language)


def test_a_machine_without_headers_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(headers.PACKAGES, "cpp", ("package_that_is_not_here",))
    with pytest.raises(StrataError, match=r"has no cpp.*package_that_is_not_here.*E-CORPUS-EMPTY"):
        corpora.stream("headers", language="cpp")
