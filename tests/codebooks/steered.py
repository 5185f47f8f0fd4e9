"""A small codebooks run about the tiny decoder, kept in a home of its own: what cards and steering are tested on."""

import shutil
from pathlib import Path

import pytest
from small import code_folder

from probes import engine
from probes.codebooks import CodebookSpec


def decoder_books(model: Path, folder: Path, **changes: object) -> CodebookSpec:
    """Return the question whose answer has 8 codes in each layer of a tiny decoder."""
    sizes: dict[str, object] = {"codes": 8, "n_fit": 400, "n_test": 150, "passes": 3}
    return CodebookSpec(**{"model": str(model), "corpus": f"code:{folder}", **sizes, **changes}).pinned()


def answered(home: Path, model: Path, folder: Path, **changes: object) -> CodebookSpec:
    """Answer it in a home, and return it."""
    spec = decoder_books(model, code_folder(folder), **changes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(home))
        engine.run(spec)
    return spec


def brought(home: Path, here: Path) -> None:
    """Put what a home holds into this test's own."""
    shutil.copytree(home, here, dirs_exist_ok=True)
