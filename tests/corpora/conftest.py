"""A package of texts made here."""

import zipfile
from pathlib import Path

import pytest
from translations import catalogue, entry

from probes.corpora import packages
from probes.store.wheels import sha256_of


@pytest.fixture
def make_package(strata_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a package `tiny` into the catalogue; its wheel lies in the home's own folder of wheels."""
    path = strata_home / "wheels" / "tiny-1.0-py3-none-any.whl"
    path.parent.mkdir(parents=True)
    sentences = ["The file is gone now.", "You have no right to."]
    text = catalogue(*(entry(s, f"de {s}") for s in sentences))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/locale/de/LC_MESSAGES/django.po", text)
        archive.writestr("tiny/__init__.py", "raise SystemExit")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    tiny = packages.Package("tiny", "Tiny", "MIT", "tiny==1.0", sha256_of(path), 1)
    monkeypatch.setattr(packages, "packages", lambda: {"tiny": tiny})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return path
