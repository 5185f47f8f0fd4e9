"""Task scores from people and their files: codes and names, odd tables, what is refused, what an address holds."""

import pytest

from probes.alignment.typed import LARGEST, from_address, from_table, task_scores, to_address
from probes.errors import StrataError


def test_a_language_goes_by_any_of_its_codes_and_by_its_name() -> None:
    run = ["deu_Latn", "rus_Cyrl", "swh_Latn", "zho_Hans"]
    scores, wrong = task_scores("de 0.1\nRussian, 0.2\nswa;0,3\nChinese (simplified) 40%\nrus 1", run)
    assert scores == {"deu_Latn": 0.1, "rus_Cyrl": 0.2, "swh_Latn": 0.3, "zho_Hans": 0.4}
    assert wrong == ("Line 5: 'rus' is there twice; the first counts.",)


def test_a_name_that_two_languages_have_means_neither() -> None:
    scores, wrong = task_scores("Serbian 0.5\nsrp_Latn 0.6", ["srp_Latn", "srp_Cyrl"])
    assert scores == {"srp_Latn": 0.6}
    assert wrong == ("Line 1: there is no language 'Serbian' in this run.",)


@pytest.mark.parametrize(
    "table",
    [
        b"language,score\nde,0.5\nfr,0.6\n",
        b"de,0.5\nfr,0.6\n",
        b"model\tlang\tn\taccuracy\nx\tde\t10\t0.5\nx\tfr\t10\t0.6\n",
        "\ufefflanguage;score\r\nde;0.5\r\nfr;0.6\r\n".encode(),
        "language,score\nde,0.5\nfr,0.6\n".encode("utf-16"),
        b'"language","score"\n"de","0.5"\n\n"fr","0.6"\n',
    ],
)
def test_tables_of_any_make_give_the_same_lines(table: bytes) -> None:
    assert task_scores(from_table(table, "scores.csv"), ["de", "fr"]) == ({"de": 0.5, "fr": 0.6}, ())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "has 0 columns"),
        (b"one\ntwo\n", "has 1 columns"),
        (b"a,b\nde,x\n", "no column of numbers only"),
        (b"x" * (LARGEST + 1), "is larger than"),
        (b"PK\x03\x04" + b"\0" * 60, "scores.csv"),
    ],
)
def test_what_is_no_table_of_scores_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(StrataError, match=said) as refusal:
        from_table(data, "scores.csv")
    assert refusal.value.code.startswith("E-TABLE")


def test_the_address_holds_scores_and_nothing_else() -> None:
    scores = {"de": 0.625, "pt_BR": -3.0, "sr@latin": 100.0}
    assert task_scores(from_address(to_address(scores)), list(scores))[0] == scores
    assert from_address("de:1e9,<b>:1,de:0.5\n,:,x:,fr:1") == "fr 1"
