import pytest

from probes import corpora
from probes.errors import StrataError

NAMES = ["python-stdlib", "headers", "homonyms", "code:FOLDER", "table:FILE", "conllu:FILE", "matrix:FILE"]
NAMES += ["hub:NAME", "gettext:FOLDER", "flores:FOLDER", "bible:FOLDER", "parallel:FILE", "udhr:FOLDER"]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("python-stdlb", "'python-stdlib'"),
        ("Code:FOLDR", "'code:FOLDER'"),
        ("zzz", ""),
        ("", ""),
        ("python-stdlib2", "'python-stdlib'"),
    ],
)
@pytest.mark.parametrize("ask", [corpora.stream, corpora.pin])
def test_an_unknown_corpus_names_the_nearest_and_all(name: str, near: str, ask: object) -> None:
    with pytest.raises(StrataError) as caught:
        ask(name)  # type: ignore[operator]
    assert caught.value.code == "E-CORPUS-UNKNOWN"
    assert (f"Did you mean {near}?" in caught.value.why) == bool(near)
    assert f"There are: {', '.join(NAMES)}." in caught.value.why


def test_the_table_lists_every_corpus() -> None:
    table = corpora.table()
    assert list(table.columns) == ["name", "what", "languages", "licence"]
    assert list(table["name"]) == NAMES
    assert list(corpora.parallel_kinds()) == NAMES[8:]


def test_a_corpus_of_no_texts_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="n = 0"):
        corpora.load("python-stdlib", n=0)
