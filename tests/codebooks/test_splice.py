"""Splicing codes in costs what it costs: nothing when codes are the states, and as much as what takes their place."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from headed import hooks
from small import code_folder
from torch.nn.functional import cross_entropy, kl_div

from probes import engine
from probes.codebooks import CodebookSpec, SpliceSpec, kept, splicing
from probes.codebooks.residual import Residual
from probes.codebooks.splice import ALL, MEAN, ZERO
from probes.errors import StrataError
from probes.extract.divergence import divergences
from probes.models import LanguageModel, language_model, load

TEXTS = ["def total(values):\n    return sum(values)", "for item in items: print(item)", "x = 1 + 2"]


@pytest.fixture
def lm(tiny_llama: Path) -> LanguageModel:
    return language_model(load(str(tiny_llama), device="cpu"))


def keep(_where: torch.Tensor) -> Any:
    return torch.clone


def test_an_edit_that_changes_nothing_does_no_damage(lm: LanguageModel) -> None:
    before = hooks(lm.model)
    base, (same,) = divergences(lm, TEXTS, [{"1": keep, "2 mlp": keep, "1 head:0": keep}])
    assert same.loss.tolist() == base.tolist()
    assert (same.kl.tolist(), same.agree.tolist()) == ([0, 0, 0], [1, 1, 1])
    assert hooks(lm.model) == before


def test_loss_and_divergence_are_those_of_torch(lm: LanguageModel) -> None:
    lm.net.lm_head.weight.data.mul_(10)  # a tiny model predicts almost evenly, where KL is the same both ways

    def louder(where: torch.Tensor) -> Any:
        return lambda states: torch.where(where[..., None], states * 300, states)

    base, (found,) = divergences(lm, TEXTS, [{"2 mlp": louder}])
    mlp, gaps = lm.model.net.layers[1].mlp, list[float]()
    for i, text in enumerate(TEXTS):
        ids = lm.model.encode([text]).ids
        plain = lm.net(ids).logits[0]

        def loud(_module: Any, _args: Any, given: torch.Tensor) -> torch.Tensor:
            given = given.clone()
            given[:, 2:] *= 300  # after <s> and the first token of the text
            return given

        handle = mlp.register_forward_hook(loud)
        other = lm.net(ids).logits[0]
        handle.remove()
        # predicted from the second token of the text on
        p, q, truth = plain[2:-1].log_softmax(-1), other[2:-1].log_softmax(-1), ids[0, 3:]
        assert base[i] == pytest.approx(float(cross_entropy(plain[2:-1], truth)), abs=1e-5)
        assert found.loss[i] == pytest.approx(float(cross_entropy(other[2:-1], truth)), rel=1e-4)
        way, back = (float(kl_div(b, a, reduction="batchmean", log_target=True)) for a, b in ((p, q), (q, p)))
        gaps.append(abs(way - back))
        assert found.kl[i] == pytest.approx(way, rel=1e-3)
        assert found.agree[i] == pytest.approx(float((p.argmax(-1) == q.argmax(-1)).float().mean()))
    assert max(gaps) > 0.1  # the other direction would be told apart


def test_only_the_places_to_edit_are_replaced() -> None:
    book = Residual(torch.ones(4), torch.tensor([[[1.0, 0, 0, 0], [0, 1, 0, 0]]]), torch.zeros(0))
    states, where = torch.randn(1, 3, 4), torch.tensor([[False, True, False]])
    for name, wanted in ((MEAN, torch.ones(4)), (ZERO, torch.zeros(4))):
        found = splicing.replaced(book, name)(where)(states)
        assert torch.equal(found[0, [0, 2]], states[0, [0, 2]])
        assert torch.equal(found[0, 1], wanted)
    coded = splicing.replaced(book, "codes")(where)(states)[0, 1]
    assert coded.tolist() in ([2, 1, 1, 1], [1, 2, 1, 1])
    assert splicing.replaced(book, "codes")(where)(states.bfloat16()).dtype == torch.bfloat16


@pytest.fixture(scope="module")
def home(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, CodebookSpec]]:
    folder, where = code_folder(tmp_path_factory.mktemp("code") / "code"), tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(where))
        sizes = {"codes": 8, "n_fit": 300, "n_test": 150, "passes": 2}
        specs = {
            site: CodebookSpec(model=str(tiny_gpt2), corpus=f"code:{folder}", site=site, **sizes).pinned()
            for site in ("residual", "head:1")
        }
        for spec in specs.values():
            engine.run(spec)
    return where, specs


@pytest.fixture
def runs(home: tuple[Path, dict[str, CodebookSpec]], monkeypatch: pytest.MonkeyPatch) -> dict[str, CodebookSpec]:
    monkeypatch.setenv("STRATA_HOME", str(home[0]))
    return home[1]


def test_every_layer_of_a_site_is_spliced_by_itself_and_all_at_once(runs: dict[str, CodebookSpec]) -> None:
    _, run = kept.fitted(runs["head:1"].digest)
    assert run.layers == ("1 head:1", "2 head:1")
    assert run.centers.shape == (2, 8)
    found = engine.run(SpliceSpec(run=runs["head:1"].digest, texts=5))
    assert found.scores.layer.tolist() == [*run.layers, ALL]
    assert len(found.damage) == 9
    assert (found.damage.kl > 0).all()
    assert found.scores.explained[0] == run.scores.explained[0]
    assert "all 2 layers at once" in found.headline()


def test_scores_are_shares_of_the_damage_of_an_ablation(runs: dict[str, CodebookSpec]) -> None:
    found = engine.run(SpliceSpec(run=runs["residual"].digest, texts=5, layers="1, 2"))
    for layer in ("1", "2", ALL):
        codes, zero = (found.texts[(found.texts.layer == layer) & (found.texts.instead == n)] for n in ("codes", ZERO))
        score = found.scores.set_index("layer").loc[layer]
        assert score.kl_zero == pytest.approx(1 - codes.kl.mean() / zero.kl.mean())
        added = zero.loss.mean() - zero.base.mean()
        if added > 0:
            assert score.loss_zero == pytest.approx((zero.loss.mean() - codes.loss.mean()) / added)
        else:
            assert np.isnan(score.loss_zero)
        row = found.row(layer)
        assert row.loss == pytest.approx(codes.loss.mean() - codes.base.mean())
        assert row.loss_low <= row.loss <= row.loss_high


def test_a_run_with_all_states_for_codes_does_next_to_no_damage(
    runs: dict[str, CodebookSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, run = kept.fitted(runs["residual"].digest)
    import dataclasses

    from probes.extract import pooled

    model = load(spec.model, device="cpu")
    text = str(run.passages.content[int(run.tokens.text[run.tokens.held_out].iloc[0])])
    length = int(model.encode([text]).ids.shape[1])
    states, _ = pooled(model, [text], [np.array(model.encode([text]).offsets[0])], ["1"])
    whole = dataclasses.replace(
        run,
        codes=np.broadcast_to(states["1"].numpy(), (len(run.layers), 1, length, 16)).copy(),
        centers=np.zeros_like(run.centers),
    )
    lm = language_model(model)
    edit = {"1": splicing.replaced(splicing.book_of(spec, whole, "1", "cpu"), "codes")}
    _, (found,) = divergences(lm, [text, text], [edit])
    assert found.kl.max() < 1e-6


@pytest.mark.parametrize(
    ("asked", "code"), [({"layers": "1 mlp"}, "E-LAYER-UNKNOWN"), ({"run": "0" * 32}, "E-RUN-UNKNOWN")]
)
def test_what_cannot_be_spliced_is_refused(asked: dict[str, Any], code: str, runs: dict[str, CodebookSpec]) -> None:
    with pytest.raises(StrataError) as refusal:
        engine.run(SpliceSpec(**{"run": runs["residual"].digest, "texts": 3, **asked}))
    assert refusal.value.code == code


def test_a_model_without_a_head_is_refused(tiny_bert: Path, tmp_path: Path) -> None:
    folder = code_folder(tmp_path / "code")
    spec = CodebookSpec(model=str(tiny_bert), corpus=f"code:{folder}", codes=4, n_fit=100, n_test=60, passes=1).pinned()
    engine.run(spec)
    with pytest.raises(StrataError) as refusal:
        engine.run(SpliceSpec(run=spec.digest, texts=3))
    assert refusal.value.code == "E-HEAD"


def test_codes_of_another_site_are_another_question() -> None:
    assert CodebookSpec(site="mlp").digest != CodebookSpec().digest
