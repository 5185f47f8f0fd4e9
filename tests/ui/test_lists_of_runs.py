"""What a form's lists say of their options."""

import pytest

from probes import store
from probes.ui import choices

DIGEST = "ab" * 16


def test_an_option_of_a_list_of_runs_reads_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(_kind: str) -> None:
        raise AssertionError("The whole store was listed.")

    asked = {"kind": "syntax", "version": 1, "spec": {"model": "a" * 40 + "/minilm"}}
    monkeypatch.setattr(store, "runs", listed)
    monkeypatch.setattr(store, "asked", {DIGEST: asked}.get)
    shown = choices.SHOWN["map_run"]
    assert shown(DIGEST) == f"syntax, {'a' * 17}/minilm, abababab"
    assert shown("") == ""
    assert shown("cd" * 16) == "cd" * 16
