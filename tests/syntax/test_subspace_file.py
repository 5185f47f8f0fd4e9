"""A subspace that leaves as a file projects as the run does, and nothing else is taken for one."""

from pathlib import Path

import numpy as np
import pytest
from small_run import folder_of, spec_of, studied

from probes.errors import StrataError
from probes.syntax import look, subspace
from probes.syntax.analysis import SyntaxResult


@pytest.fixture(scope="module")
def result(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> SyntaxResult:
    corpus = folder_of(tmp_path_factory.mktemp("code"))
    bare = dict.fromkeys(("control", "random_init", "controls", "dimensions"), False)
    return studied(spec_of(tiny_bert, corpus, epochs=1, **bare), tmp_path_factory.mktemp("home"))


def test_a_file_projects_as_the_run_does(result: SyntaxResult, tmp_path: Path) -> None:
    path = tmp_path / "subspace.safetensors"
    path.write_bytes(subspace.to_bytes(result))
    found = subspace.load(path)
    assert (found.model, found.layers) == (result.source.model, result.layers)
    states = np.random.default_rng(0).normal(size=(5, 16)).astype(np.float32)
    for at, layer in enumerate(result.layers):
        expected = look.project(result, at, states) * np.exp(result.stretch[at])
        assert np.allclose(found.project(states, layer), expected, atol=1e-5)
        assert np.array_equal(found.project(states, layer), subspace.of(result).project(states, layer))


def test_other_layers_widths_and_files_are_refused(result: SyntaxResult, tmp_path: Path) -> None:
    found = subspace.of(result)
    with pytest.raises(StrataError, match="no layer '9'"):
        found.project(np.zeros((2, 16)), "9")
    with pytest.raises(ValueError, match=r"must be \[word, 16\]; got \[2, 8\]"):
        found.project(np.zeros((2, 8)), "0")
    for number, data in enumerate((b"", b"not one", subspace.to_bytes(result)[:-9])):
        path = tmp_path / f"{number}.safetensors"
        path.write_bytes(data)
        with pytest.raises(StrataError) as caught:
            subspace.load(path)
        assert caught.value.code == "E-SUBSPACE"
    with pytest.raises(StrataError, match=r"gone\.safetensors"):
        subspace.load(tmp_path / "gone.safetensors")
