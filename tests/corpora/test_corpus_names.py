import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.corpora import names
from probes.corpora.names import Name
from probes.corpora.table_file import KEYS, PIN
from probes.errors import StrataError

any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def parse(name: str) -> Name:
    return names.parse(name, KEYS, PIN)


@given(any_text, any_text, st.lists(any_text, max_size=3), st.sampled_from(["", "0123456789ab"]))
def test_a_name_comes_back_whatever_its_parts_hold(place: str, text: str, labels: list[str], pin: str) -> None:
    name = Name("table", place, pin=pin).with_choices(KEYS, {"text": text, "skip": "yes"}, labels=tuple(labels))
    assert parse(str(name)) == name
    assert str(name).isprintable()
    assert " " not in str(name)


@pytest.mark.parametrize("text", ["a%41b", "100%25", "%", "a?b&c=d@e#f", "@0123456789ab"])
def test_signs_with_a_meaning_are_written_so_that_they_have_none(text: str) -> None:
    name = Name("table", text).with_choices(KEYS, {"text": text}, labels=(text,))
    assert parse(str(name)) == name
    assert (parse(str(name)).place, parse(str(name)).pin) == (text, "")


def test_a_file_name_that_is_not_utf_8_comes_back() -> None:
    place = os.fsdecode(b"/data/caf\xe9.csv")
    assert str(Name("table", place)) == "table:/data/caf%E9.csv"
    assert parse("table:/data/caf%E9.csv").place == place


def test_a_name_is_read_as_it_is_typed() -> None:
    name = parse("table:/my data/a@b.csv?text=the code&label=x&label=y%26z@0123456789ab")
    assert (name.place, name.get("text"), name.labels, name.pin) == (
        "/my data/a@b.csv",
        "the code",
        ("x", "y&z"),
        "0123456789ab",
    )
    assert str(name) == "table:/my%20data/a%40b.csv?text=the%20code&label=x&label=y%26z@0123456789ab"


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ("tekst=a", "Did you mean 'text'?"),
        ("text", "It holds 'text'."),
        ("text=", "It holds 'text='."),
        ("sep=:", "It may be: ,, ;, tab, |."),
        ("skip=no", "It may be: yes."),
        ("text=a&text=b", "'text' is given twice."),
        ("&", "It holds ''."),
    ],
)
def test_a_choice_that_does_not_hold_is_said(choices: str, said: str) -> None:
    with pytest.raises(StrataError) as caught:
        parse(f"table:/a.csv?{choices}")
    assert caught.value.code == "E-CORPUS-NAME"
    assert said in str(caught.value)
    assert "key=value" in caught.value.fix


def test_choices_are_changed_and_taken_away() -> None:
    name = parse("table:/a.csv?skip=yes&text=a&label=b")
    assert str(name.with_choices(KEYS, {"skip": "", "sep": "tab"})) == "table:/a.csv?text=a&label=b&sep=tab"
    assert str(name.with_choices(KEYS, {}, labels=())) == "table:/a.csv?text=a&skip=yes"
