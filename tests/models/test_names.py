"""Names that are no models are refused before anything touches the disk or the network."""

import sys

import pytest

from probes.errors import StrataError
from probes.models import fetch, load


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a\0b", "control characters"),
        ("a\nb", "control characters"),
        ("x" * 2000, "too long"),
        ("file:///etc", "an address"),
        ("https://host/model", "an address"),
        ("//host/share", "another machine's share"),
        ("\\\\host\\share", "another machine's share"),
        ("/\\host/share", "another machine's share"),
        ("/no/such/folder", "no such folder"),
        ("./no-such", "no such folder"),
        ("a/b/c", "no such folder"),
        (sys.executable, "It is a file"),
    ],
)
def test_names_that_are_not_models(name: str, why: str) -> None:
    with pytest.raises(StrataError, match=why) as caught:
        fetch.folder_of(name)
    assert caught.value.code == "E-MODEL-PATH"


def test_an_unknown_name_is_not_taken_for_a_hub_id() -> None:
    with pytest.raises(StrataError, match="Did you mean 'minilm'") as caught:
        load("minilmm")
    assert caught.value.code == "E-MODEL-UNKNOWN"
