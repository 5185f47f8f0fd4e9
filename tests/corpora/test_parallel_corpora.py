"""Sentences that several languages share: chosen, counted, refused; the same in stream, pin, preview and parallel."""

from collections import Counter
from pathlib import Path

import pytest
from translations import BY_CODE, ENGLISH, GERMAN, RUSSIAN, line_files

from probes import corpora
from probes.corpora.scripts import declared, script_of
from probes.corpora.versions import LACKS, REPEATED, Choice, Versions, parallel, pivot_of
from probes.errors import StrataError


def texts(lines: list[str], first: int = 1) -> dict[str, str]:
    return {str(i): line for i, line in enumerate(lines, first)}


def source(by_line: bool = False, **languages: dict[str, str]) -> Versions:
    return Versions("tests", languages, by_line=by_line)


@pytest.fixture
def flores(tmp_path: Path) -> str:
    return f"flores:{line_files(tmp_path / 'flores')}"


# ---- choosing --------------------------------------------------------------------------------------------------------


def test_sentence_i_of_one_language_translates_sentence_i_of_every_other(flores: str) -> None:
    found = corpora.parallel(flores, Choice(n=3, seed=7))
    assert found.languages == ("eng_Latn", "deu_Latn", "rus_Cyrl")
    assert len(found.sentences) == 3
    for name in found.languages:
        assert list(found.texts(name)) == [BY_CODE[name][int(s) - 1] for s in found.sentences]
    labels = found.corpus.labels
    assert list(labels.columns) == ["origin", "language", "sentence"]
    assert labels.origin[0] == f"flores:{found.sentences[0]}"
    assert (labels.language.value_counts() == 3).all()
    assert found.scripts == {"eng_Latn": "Latn", "deu_Latn": "Latn", "rus_Cyrl": "Cyrl"}


def test_the_seed_draws_the_sentences_and_none_takes_the_first(flores: str) -> None:
    taken = [corpora.parallel(flores, Choice(n=3, seed=seed)).sentences for seed in (None, 0, 0, *range(1, 9))]
    assert taken[0] == ("1", "2", "3")
    assert taken[1] == taken[2]
    assert len(set(taken)) > 3
    assert all(list(t) == sorted(t, key=int) for t in taken)


def test_what_a_language_lacks_is_left_out_of_all_and_counted() -> None:
    german = {**texts(GERMAN), "2": "  ", "9": "Nur hier."}
    del german["4"]
    found = parallel(source(en=texts(ENGLISH), de=german), Choice(languages=("de",)), "x:y")
    assert found.sentences == ("1", "3", "5")
    assert found.left_out == {LACKS: 3}
    assert found.notes == ("The corpus gave 3 sentences of the 100 asked for.",)


def test_a_repeated_sentence_could_never_be_told_and_is_left_out_unless_kept() -> None:
    german = [*GERMAN[:3], "die  katze SCHLÄFT.", GERMAN[4]]
    where = source(en=texts(ENGLISH), de=texts(german))
    found = parallel(where, Choice(languages=("de",)), "x:y")
    assert (found.sentences, found.left_out) == (("1", "2", "3", "5"), {REPEATED: 1})
    assert len(parallel(where, Choice(languages=("de",), repeated=True), "x:y").sentences) == 5


def test_as_many_languages_are_taken_as_share_the_sentences_asked_for() -> None:
    ru = {"1": RUSSIAN[0], "2": RUSSIAN[1]}
    where = source(en=texts(ENGLISH), de=texts(GERMAN), fr=texts(["A", "B", "C", "D", "E"]), ru=ru)
    found = parallel(where, Choice(n=4), "x:y")
    assert found.languages == ("en", "de", "fr")
    assert "1 languages are left out, with which 4 sentences would not be shared: Russian." in found.notes
    assert parallel(where, Choice(n=2), "x:y").languages == ("en", "de", "fr", "ru")
    asked = parallel(where, Choice(n=4, languages=("ru", "de")), "x:y")  # who asks for it gets it, with what there is
    assert (asked.languages, len(asked.sentences)) == (("en", "ru", "de"), 2)


def test_line_parallel_files_of_other_lengths_are_named_with_both_counts(tmp_path: Path) -> None:
    name = f"flores:{line_files(tmp_path / 'f', eng_Latn=ENGLISH, deu_Latn=GERMAN, rus_Cyrl=RUSSIAN[:4])}"
    with pytest.raises(StrataError, match="'rus_Cyrl' has 4 lines and 'eng_Latn' has 5") as refusal:
        corpora.parallel(name, Choice(languages=("rus_Cyrl",)))
    assert refusal.value.code == "E-PARALLEL-COUNT"
    found = corpora.parallel(name, Choice())
    assert found.languages == ("eng_Latn", "deu_Latn")
    assert "Left out for another number of lines than eng_Latn (5): rus_Cyrl (4)." in found.notes
    assert "Not as many lines as the others (5): rus_Cyrl (4)." in corpora.preview(name).notes


def test_a_sentence_in_another_script_is_said() -> None:
    astray = [*RUSSIAN[:3], *ENGLISH[3:]]
    found = parallel(source(en=texts(ENGLISH), ru=texts(astray)), Choice(), "x:y")
    assert (
        "2 sentences in 1 languages are not in their language's script (most in Russian: 2 of 5 are not in Cyrl)."
        in (found.notes)
    )
    wrong = parallel(source(en=texts(ENGLISH), rus_Cyrl=texts(GERMAN)), Choice(), "x:y")  # the whole file is another's
    assert "(most in Russian: 5 of 5 are not in Cyrl)" in wrong.notes[-1]


@pytest.mark.parametrize(
    ("languages", "pivot", "code", "says"),
    [
        (("de", "xx"), "", "E-PARALLEL-LANGUAGE", "There is no language 'xx' in tests"),
        ((), "enn", "E-PARALLEL-LANGUAGE", "Did you mean 'en'?"),
        (("en",), "", "E-PARALLEL-FEW", "Only 'en' is left"),
        (("no",), "", "E-PARALLEL-FEW", "has 0 sentences that en, no all have"),
    ],
)
def test_refusals_name_the_language(languages: tuple[str, ...], pivot: str, code: str, says: str) -> None:
    where = source(en=texts(ENGLISH), de=texts(GERMAN), no={"77": "Nei."})
    with pytest.raises(StrataError) as refusal:
        parallel(where, Choice(languages=languages, pivot=pivot), "x:y")
    assert refusal.value.code == code
    assert says in str(refusal.value)


@pytest.mark.parametrize("code", ["en", "eng", "eng_Latn", "en-US", "English"])
def test_english_is_found_under_any_of_its_names(code: str) -> None:
    assert pivot_of(source(**{"de": texts(GERMAN), code: texts(ENGLISH)}), "") == code


def test_a_source_without_english_wants_a_pivot() -> None:
    with pytest.raises(StrataError, match="There is no English in tests.*There are: de, ru"):
        pivot_of(source(de=texts(GERMAN), ru=texts(RUSSIAN)), "")


# ---- the same contract as other corpora ------------------------------------------------------------------------------


def test_a_stream_gives_every_language_the_same_sentences_first(flores: str) -> None:
    first = {name: corpora.load(flores, language=name, n=3, seed=5) for name in BY_CODE}
    ids = {name: list(corpus.labels.sentence) for name, corpus in first.items()}
    assert len(set(map(tuple, ids.values()))) == 1
    assert list(first["rus_Cyrl"].texts) == [RUSSIAN[int(s) - 1] for s in ids["rus_Cyrl"]]
    assert len(list(corpora.stream(flores))) == 15
    with pytest.raises(StrataError, match="There is no language 'python'"):
        list(corpora.stream(flores, language="python"))


def test_a_pinned_name_reads_the_same_sentences_or_refuses(flores: str, tmp_path: Path) -> None:
    pinned = corpora.pin(flores)
    assert corpora.pin(pinned) == pinned
    assert corpora.unpinned(pinned) == flores
    assert corpora.parallel(pinned, Choice()).sentences == corpora.parallel(flores, Choice()).sentences
    line_files(tmp_path / "flores", eng_Latn=[*ENGLISH[:4], "Somebody came back."])
    with pytest.raises(StrataError, match="have changed since they were named") as refusal:
        corpora.parallel(pinned, Choice())
    assert refusal.value.code == "E-CORPUS-MOVED"


def test_a_preview_counts_what_each_language_has(flores: str) -> None:
    seen = corpora.preview(flores, 2)
    assert seen.headline() == "flores: 5 sentences, texts of 11 to 20 characters (median 18)."
    assert seen.facts == {"languages": "3", "shared by all": "5", "fewest sentences": "deu_Latn (5)"}
    assert list(seen.rows.columns) == ["sentence", "deu_Latn", "eng_Latn", "rus_Cyrl"]
    assert seen.rows.rus_Cyrl.tolist() == RUSSIAN[:2]


def test_other_kinds_are_no_parallel_corpora() -> None:
    with pytest.raises(StrataError, match="These kinds do: gettext:FOLDER, .*udhr:FOLDER") as e:
        corpora.parallel("python-stdlib", Choice())
    assert e.value.code == "E-CORPUS-PARALLEL"


def test_one_language_is_no_parallel_corpus(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("sentence,language,text\n1,en,A cat.\n", "utf-8")
    with pytest.raises(StrataError, match="1 languages and 1 sentences") as refusal:
        corpora.parallel(f"parallel:{tmp_path / 'one.csv'}", Choice())
    assert refusal.value.code == "E-CORPUS-EMPTY"


def test_what_is_left_out_while_reading_is_counted_in_the_stream(tmp_path: Path) -> None:
    folder = line_files(tmp_path / "f")
    (folder / "deu_Latn.devtest").write_bytes(b"Gr\xfc\xdfe.\nZwei.\nDrei.\nVier.\nF\xc3\xbcnf.\n" + b"x\n" * 0)
    counts: Counter[str] = Counter()
    name = f"flores:{folder}?encoding=utf-8"
    assert len(list(corpora.stream(name, language="deu_Latn", skipped=counts))) == 4
    assert counts == {"sentence with a byte that is no character": 1}


# ---- scripts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Hello мир", "Latn"), ("да, yes", "Latn"), ("Привет", "Cyrl"), ("東京へ行く", "Jpan"), ("我去东京", "Hani"),
        ("한국어 문장", "Hang"), ("नमस्ते", "Deva"), ("سلام", "Arab"), ("ሰላም", "Ethi"), ("… 123 !", ""), ("𐎀𐎁", "other"),
        ("ⵣⵣ", "Tfng"), ("שלום", "Hebr"),
    ],
)  # fmt: skip
def test_the_script_is_that_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("language", "script"),
    [("srp_Cyrl", "Cyrl"), ("zh_Hans", "Hani"), ("kor_Kore", "Hang"), ("pt_BR", ""), ("sr@latin", ""), ("en", "")],
)
def test_a_code_may_declare_its_script(language: str, script: str) -> None:
    assert declared(language) == script
