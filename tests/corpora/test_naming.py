"""Names of languages: one name by any of its codes, two that would be alike told apart, hostile codes left alone."""

import re

import pytest

from probes.corpora.naming import TABLE, name_of, named, table


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        (("ru", "rus", "rus_Cyrl"), "Russian"),
        (("sw", "swh_Latn", "swa"), "Swahili"),
        (("pt_BR", "pt-BR"), "Portuguese (Brazil)"),
        (("zh_Hans", "zho_Hans"), "Chinese (simplified)"),
        (("ckb", "ckb_Arab"), "Central Kurdish"),
    ],
)
def test_one_name_by_any_of_its_codes(codes: tuple[str, ...], name: str) -> None:
    assert {name_of(code) for code in codes} == {name}


def test_names_that_would_be_alike_are_told_apart() -> None:
    assert named(["srp_Cyrl", "srp_Latn", "deu_Latn"]) == {
        "srp_Cyrl": "Serbian (Cyrillic)",
        "srp_Latn": "Serbian (Latin)",
        "deu_Latn": "German",
    }
    assert named(["sr", "sr@latin"]) == {"sr": "Serbian", "sr@latin": "Serbian (Latin)"}
    assert named(["ru", "rus"]) == {"ru": "Russian (ru)", "rus": "Russian (rus)"}


@pytest.mark.parametrize("code", ["xxx_Latn", "twin", "de_x_pirate", "", "1.2", "en_ZZ", "EN."])
def test_what_is_not_known_keeps_its_code(code: str) -> None:
    assert name_of(code) == code


def test_every_language_of_the_table_is_well_formed_and_no_code_has_two_names() -> None:
    seen: dict[str, str] = {}
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        short, long, name = line.split(" ", 2)
        assert re.fullmatch("-|[a-z]{2}", short), line
        assert re.fullmatch("[a-z]{3}(,[a-z]{3})*", long), line
        assert name[0].isupper(), line
        for code in (short, *long.split(",")):
            assert code == "-" or seen.setdefault(code, name) == name, line
    assert len(table()) > 350
