"""Why does a token have its code? The margin is positive where codes are taken, and is shared out over tokens."""

from pathlib import Path

import pytest
import torch
from steered import answered, brought

from probes import engine
from probes.attribution import AttributionSpec
from probes.codebooks import CodebookSpec, kept, kinds, margins
from probes.errors import StrataError

TEXT = "value = name + total"


@pytest.fixture(scope="module", params=["kmeans", "product", "pursuit"])
def home(
    request: pytest.FixtureRequest, tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, CodebookSpec]:
    here = tmp_path_factory.mktemp(request.param)
    return here, answered(here, tiny_gpt2, here / "code", method=request.param, books=2, layers="1")


@pytest.fixture
def asked(home: tuple[Path, CodebookSpec], strata_home: Path) -> CodebookSpec:
    brought(home[0], strata_home)
    return home[1]


def test_a_margin_is_above_zero_exactly_where_the_code_is_taken(asked: CodebookSpec) -> None:
    spec, run = kept.fitted(asked.digest)
    book = kinds.book_of(spec, run, 0)
    states = book.center + 3 * torch.randn(400, run.centers.shape[1], generator=torch.Generator().manual_seed(0))
    ids = book.encode(states)
    number = 1 if spec.method == "product" else 0
    for code in range(run.size):
        value = margins.margin(asked.digest, f"1:{number}:{code}").of(states)
        taken = ids[:, number] == code
        assert torch.equal(value > 0, taken)


def test_a_code_is_explained_by_its_token(asked: CodebookSpec) -> None:
    given = {"model": asked.model, "text": TEXT, "target": "a code", "run": asked.digest, "code": "1:2", "draws": 0}
    found = engine.run(AttributionSpec(**given, method="integrated gradients", steps=128))
    assert found.error is not None
    assert found.error < 2
    assert "code 1:2" in found.headline()
    # a decoder's later tokens have no part in an earlier one's code
    first = engine.run(AttributionSpec(**given, method="feature ablation", position=1))
    assert first.tokens["value"].iloc[2:].abs().max() < 1e-6
    assert abs(first.tokens["value"].iloc[1]) > 1e-3


def test_what_is_no_code_to_explain_is_refused(asked: CodebookSpec, tiny_llama: Path) -> None:
    given = {"model": asked.model, "text": TEXT, "target": "a code"}
    for more, said in (
        ({}, "not said"),
        ({"run": asked.digest, "code": "9:1"}, "names no code"),
        ({"run": asked.digest, "code": "1:1, 1:2"}, "not one code"),
        ({"run": "0" * 32, "code": "1:1"}, "no codebook run"),
        ({"run": asked.digest, "code": "1:1", "model": str(tiny_llama)}, "other weights"),
    ):
        with pytest.raises(StrataError, match=said):
            engine.run(AttributionSpec(**{**given, **more}))
