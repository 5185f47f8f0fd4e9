from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from probes.corpora import sampling
from probes.corpora.functions import DUPLICATE
from probes.corpora.sampling import BEYOND, PER_FILE, printable, sampled
from probes.errors import StrataError
from probes.values import Text


def folder(root: Path, files: dict[str, str]) -> dict[str, Path]:
    for name, code in files.items():
        (root / name).write_text(code)
    return {name: root / name for name in files}


def draw(files: dict[str, Path], seed: int = 0, skipped: Counter[str] | None = None) -> list[Text]:
    return list(sampled(files, "python", corpus="c", seed=seed, skipped=skipped))


@pytest.fixture
def many(tmp_path: Path) -> dict[str, Path]:
    return folder(tmp_path, {f"f{i}.py": f"def f{i}(): return {i}\n" for i in range(40)})


def test_the_order_is_fixed_by_the_seed_and_not_by_the_file_system(many: dict[str, Path]) -> None:
    backwards = dict(reversed(many.items()))
    assert draw(many) == draw(backwards)
    assert draw(many, seed=1) != draw(many)
    assert sorted(t.text for t in draw(many, seed=1)) == sorted(t.text for t in draw(many))
    assert [t.origin for t in draw(many)] != sorted(t.origin for t in draw(many))


def test_a_file_more_leaves_the_rest_in_their_order(many: dict[str, Path], tmp_path: Path) -> None:
    before = [text.text for text in draw(many)]
    more = many | folder(tmp_path, {"new.py": "def new(): pass\n"})
    assert [text.text for text in draw(more) if "new" not in text.text] == before


def test_only_as_many_files_are_read_as_needed(many: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    real = sampling.read_source
    monkeypatch.setattr(sampling, "read_source", lambda path, skipped: (read.append(path), real(path, skipped))[1])
    assert len(list(islice(sampled(many, "python", corpus="c", seed=0, skipped=None), 5))) == 5
    assert len(read) == 5


def test_the_same_function_comes_once(tmp_path: Path) -> None:
    files = folder(
        tmp_path,
        {
            "a.py": "def f():\n    return 1\n",
            "b.py": "class A:\n    def f():  \n        return 1\n",
            "c.py": "def f():\r\n    return 1\r\ndef f():\r\n    return 1\r\n",
            "d.py": "def f():\n    return 2\n",
        },
    )
    skipped: Counter[str] = Counter()
    assert sorted(text.text.split()[-1] for text in draw(files, skipped=skipped)) == ["1", "2"]
    assert skipped == {DUPLICATE: 3}


def test_no_file_gives_more_than_its_share(tmp_path: Path) -> None:
    files = folder(tmp_path, {"a.py": "".join(f"def f{i}(): pass\n" for i in range(PER_FILE + 13))})
    skipped: Counter[str] = Counter()
    first = draw(files, skipped=skipped)
    assert len(first) == PER_FILE
    assert skipped == {BEYOND: 13}
    assert {t.text for t in draw(files, seed=1)} != {t.text for t in first}


def test_a_corpus_without_functions_says_what_was_left_out(tmp_path: Path) -> None:
    files = folder(tmp_path, {"a.py": "x = 1\n"})
    (tmp_path / "b.py").write_bytes(b"\xff")
    with pytest.raises(
        StrataError, match=r"'c' holds no function.*2 python files.*'file not UTF-8': 1.*E-CORPUS-EMPTY"
    ):
        draw(files | {"b.py": tmp_path / "b.py"})


def test_a_file_name_that_is_not_text_is_escaped() -> None:
    assert printable("a\udcff/é.py") == "a\\udcff/é.py"
