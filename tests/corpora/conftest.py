"""Packages of texts: one made here, and Django's, fetched once for all tests that want it."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from translations import catalogue, entry

from probes.corpora import packages
from probes.errors import StrataError
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


@pytest.fixture
def django(real_home: Path, strata_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The corpus name `gettext:django`, with its wheel at hand, or a skip that says why."""
    return have_django(real_home, strata_home, pytest.skip)


def have_django(real_home: Path, home: Path, skip: Callable[[str], object]) -> str:
    package = packages.packages()["django"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(real_home))
        try:
            wheel = packages.fetched(package)
        except StrataError as error:
            skip(f"the wheel of 'gettext:django' cannot be had: {error}")
    target = home / "corpora" / wheel.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wheel, target)
    return "gettext:django"
