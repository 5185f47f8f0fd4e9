"""A GGUF file written here becomes a folder that loads like any other."""

from pathlib import Path

import pytest

from probes.errors import StrataError
from probes.models import gguf


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"PK\x03\x04")
    with pytest.raises(StrataError, match=r"model\.gguf is not a GGUF file") as caught:
        gguf.convert(tmp_path / "model.gguf", tmp_path)
    assert caught.value.code == "E-LOAD-GGUF"
