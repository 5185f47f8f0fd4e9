"""English of the interpreter's own library: prose, one paragraph a file, the same for the same seed."""

from itertools import islice

import pytest

from probes.corpora import python_stdlib
from probes.corpora.docstrings import english, is_prose, paragraphs
from probes.errors import StrataError

PROSE = "This module keeps the names of things in a table, and looks them up for those who ask."


def test_paragraphs_are_the_prose_of_docstrings_alone() -> None:
    code = f'"""{PROSE}\n\n    >>> lookup(1)\n    2\n"""\nx = """{PROSE} Not a docstring."""\n'
    code += f'# {PROSE}\ndef f():\n    """Short.\n\n    {PROSE[:40]}\n    {PROSE[40:]}\n    """\n'
    assert list(paragraphs(code)) == [(PROSE, 1), (" ".join(f"{PROSE[:40]} {PROSE[40:]}".split()), 8)]
    assert list(paragraphs("def f(:\n")) == []
    assert list(paragraphs("x = 'a\0b'")) == []
    assert list(paragraphs("(" * 3000)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Too short.",
        PROSE.lower(),
        PROSE[:-1],
        f"{PROSE[:-1]} x_y.",
        f"{PROSE} >>> f.",
        "A 1 2 3 4 5 6 7 8 9 10 11 12.",
    ],
    ids=["nothing", "short", "small letter", "no end", "a name", "a prompt", "numbers"],
)
def test_what_is_no_prose(text: str) -> None:
    assert is_prose(PROSE)
    assert not is_prose(text)


def test_the_library_gives_enough_of_it_in_a_seeded_order() -> None:
    some = list(islice(english("python-stdlib"), 100))
    assert len({t.text for t in some}) == 100
    assert len({t.origin.rpartition(":")[0] for t in some}) == 100  # one a file
    assert all(is_prose(t.text) and t.language == "english" for t in some)
    assert list(islice(english(python_stdlib.pin()), 100)) == some
    assert list(islice(english("python-stdlib", seed=1), 100)) != some


def test_another_interpreters_library_is_refused_at_once() -> None:
    with pytest.raises(StrataError) as caught:
        english("python-stdlib@2.7")
    assert caught.value.code == "E-CORPUS-MOVED"
