"""Dependency trees in CoNLL-U: words where they stand in the text, what is no word left out, bad lines by number."""

from collections import Counter
from pathlib import Path

import pytest

from probes import corpora
from probes.corpora import conllu
from probes.errors import StrataError

FILE = """# text = anything at all
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\tde\tADP\t_\t_\t3\tcase\t_\t_
2\tle\tle\tDET\t_\t_\t3\tdet\t_\t_
3\tlac\tlac\tNOUN\t_\t_\t0\troot\t_\tSpaceAfter=No
3.1\tblah\t_\t_\t_\t_\t_\t_\t_\t_
4\t!\t!\tPUNCT\t_\t_\t3\tpunct\t_\t_

1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
1\tDo\tdo\tAUX\t_\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\t_\t_\t1\tadvmod\t_\t_
3\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\tSpacesAfter=\\n
"""


def word(number: str, form: str, head: str) -> str:
    return "\t".join([number, form, "_", "NOUN", "_", "_", head, "dep", "_", "_"]) + "\n"


def written(folder: Path, text: str, name: str = "trees.conllu") -> str:
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return f"conllu:{path}"


def test_words_lie_where_they_stand_and_share_a_token_they_do_not_spell(tmp_path: Path) -> None:
    found = sorted(conllu.sentences(written(tmp_path, FILE), seed=0), key=lambda one: one.origin)
    du, dont = found
    assert (du.text, dont.text) == ("du lac!", "Don't.")
    assert [du.text[a:b] for a, b in du.spans] == ["du", "lac", "!"]
    assert du.at.tolist() == [0, 0, 1, 2]
    assert du.words == ("de", "le", "lac", "!")
    assert du.heads.tolist() == [2, 2, -1, 2]
    assert [dont.text[a:b] for a, b in dont.spans] == ["Do", "n't", "."]
    assert dont.at.tolist() == [0, 1, 2]
    assert dont.kinds == ("AUX", "PART", "PUNCT")
    assert (du.origin, dont.origin) == ("trees.conllu:2", "trees.conllu:9")


def test_a_file_of_trees_is_a_corpus_of_texts_too(tmp_path: Path) -> None:
    name = written(tmp_path, FILE)
    assert corpora.named(name.removeprefix("conllu:")) == name
    assert sorted(corpora.load(name, n=5).texts) == ["Don't.", "du lac!"]
    pinned = corpora.pin(name)
    assert corpora.pin(pinned) == pinned
    assert corpora.unpinned(pinned) == name
    assert corpora.preview(name).count == 2
    written(tmp_path, FILE + "\n" + word("1", "new", "0"))
    with pytest.raises(StrataError) as moved:
        list(conllu.sentences(pinned, seed=0))
    assert moved.value.code == "E-CORPUS-MOVED"


def test_our_own_sentences_have_no_place_on_this_machine() -> None:
    pinned = corpora.pin("conllu:sample")
    assert "/" not in pinned
    found = list(conllu.sentences(pinned, seed=0))
    assert len(found) == len({one.text for one in found}) == 56
    other = [one.text for one in conllu.sentences(pinned, seed=1)]
    assert sorted(other) == sorted(one.text for one in found)
    assert other != [one.text for one in found]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (word("1", "a", "0") + "2 b\n", 2, "1 columns"),
        (word("1", "a", "0") + word("3", "b", "1"), 2, "word 2 is expected"),
        (word("1", "a", "_"), 1, "its head is '_'"),
        (word("1", "a", "0") + word("2", "b", "7"), 2, "a number from 0 to 2"),
        (word("1", "a", "9" * 5000), 1, "its head is '99999999999999999999'"),
        (word("1-" + "9" * 5000, "ab", "_"), 1, "multiword token '1-999999999999999999'"),
        (word("1", "a", "1"), 1, "its own head"),
        (word("1", "a", "0") + word("2", "b", "0"), 2, "2 roots"),
        (word("1", "a", "0") + word("2", "b", "3") + word("3", "c", "2"), 2, "on itself"),
        (word("1", "", "0"), 1, "its form is empty"),
        (word("1", "a\udcff", "0"), 1, "byte 0xFF"),
        (word("2-3", "ab", "_") + word("1", "a", "0"), 1, "multiword token"),
        (word("1-2", "ab", "_") + word("1", "a", "0"), 2, "ends before"),
    ],
)
def test_a_bad_line_is_refused_by_its_number_or_skipped_when_asked(
    tmp_path: Path, text: str, line: int, why: str
) -> None:
    name = written(tmp_path, text + "\n" + word("1", "fine", "0"))
    with pytest.raises(StrataError) as refused:
        list(conllu.sentences(name, seed=0))
    assert refused.value.code == "E-TABLE-ROW"
    assert f"line {line}: " in str(refused.value)
    assert why in str(refused.value)
    counts: Counter[str] = Counter()
    assert [one.text for one in conllu.sentences(f"{name}?skip=yes", seed=0, skipped=counts)] == ["fine"]
    assert counts == {"line that cannot be read": 1}
