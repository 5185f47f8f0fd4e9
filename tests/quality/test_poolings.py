"""The pooling bench: plain formulas, masks that do what they say, training that starts at the mean, honest choices."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.stats import spearmanr
from small import line_folder, pair_table

from probes import export, store
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.texts import read_texts
from probes.models import load, loaded
from probes.models.masking import MASKS, can_impose, imposed, own_mask
from probes.models.sites import hidden_states
from probes.quality import PoolingResult, PoolingSpec, pairs
from probes.quality.latent import LatentAttention, padded, train
from probes.quality.poolers import POOLERS, words
from probes.quality.pooling import run
from probes.quality.reads import ReadsPairs
from probes.quality.tokens import read_tokens

TEXTS = ("value name item", "key", "name name total result data text")


@pytest.fixture(scope="module")
def spec(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> PoolingSpec:
    folder = tmp_path_factory.mktemp("pairs")
    other = pair_table(folder / "b.csv", 100)
    tables = (pair_table(folder / "a.csv"), other)
    return PoolingSpec(model=str(tiny_bert), tasks=tables, n=80, latents=3, steps=3, seeds=2).pinned()


@pytest.fixture(scope="module")
def result(spec: PoolingSpec) -> PoolingResult:
    return run(spec, Progress())


def test_poolings_are_their_formulas() -> None:
    rows = np.array([[1.0, -4.0], [2.0, 6.0], [6.0, 1.0]])
    expected = {"mean": [3, 1], "weighted": [23 / 6, 11 / 6], "last": [6, 1], "first": [1, -4], "max": [6, 6]}
    for name, want in expected.items():
        np.testing.assert_allclose(POOLERS[name](rows), want)


@pytest.mark.parametrize("which", ["tiny_bert", "tiny_gpt2"])
def test_poolings_agree_with_those_made_on_the_device(which: str, request: pytest.FixtureRequest) -> None:
    model = load(str(request.getfixturevalue(which)))
    states = read_tokens(model, TEXTS, "1", None)
    for how in ("mean", "weighted", "last", "first"):
        fast = read_texts(model, TEXTS, how)["1"]
        np.testing.assert_allclose([POOLERS[how](rows) for rows in states], fast, atol=1e-5)


@pytest.mark.parametrize("which", ["tiny_bert", "tiny_gpt2", "tiny_llama"])
@pytest.mark.parametrize("mask", MASKS)
def test_padding_never_matters(which: str, mask: str, request: pytest.FixtureRequest) -> None:
    model = load(str(request.getfixturevalue(which)))
    together = read_tokens(model, TEXTS, model.layers[-1], mask)
    alone = [read_tokens(model, [text], model.layers[-1], mask)[0] for text in TEXTS]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(("which", "own"), [("tiny_bert", "bidirectional"), ("tiny_gpt2", "causal")])
def test_under_a_causal_mask_the_first_token_ignores_later_ones_and_only_then(
    which: str, own: str, request: pytest.FixtureRequest
) -> None:
    model = load(str(request.getfixturevalue(which)))
    assert own_mask(model) == own
    assert can_impose(model)
    last = model.layers[-1]
    for mask in (*MASKS, None):
        one, other = read_tokens(model, ["value name item", "value name total"], last, mask)
        same = np.allclose(one[:2], other[:2], atol=1e-6)
        assert same == ((mask or own) == "causal")


def test_the_imposed_own_mask_changes_nothing(tiny_llama: Path) -> None:
    model = load(str(tiny_llama), attention="eager")
    encoded = model.encode(TEXTS)
    plain, same = (hidden_states(model, batch) for batch in (encoded, imposed(encoded, "causal")))
    there = encoded.mask.bool()
    for layer in model.layers:
        torch.testing.assert_close(plain[layer][there], same[layer][there])


def test_words_keep_the_largest_maxima_over_tokens() -> None:
    table = np.eye(4)
    found = words([np.array([[3.0, 0, -1, 1], [0, 4, -2, 0]]), np.array([[-1.0, -1, -1, -1]])], table, keep=2)
    np.testing.assert_allclose(found.toarray(), [[0.6, 0.8, 0, 0], [0, 0, 0, 0]])


def test_latent_attention_starts_at_the_mean_and_never_sees_padding() -> None:
    draw = np.random.default_rng(0)
    states = [draw.normal(size=(n, 6)).astype(np.float32) for n in (5, 1, 3)]
    net = LatentAttention(6, 4)
    means = [rows.mean(0) for rows in states]
    np.testing.assert_allclose(net(*padded(states)).detach().numpy(), means, atol=1e-6)
    trained = train(states * 4, pairs=False, latents=4, steps=5, seed=1)
    together = trained(states)
    assert not np.allclose(together * trained.scale, means, atol=1e-3)
    np.testing.assert_allclose(together, [trained([rows])[0] for rows in states], atol=1e-6)
    np.testing.assert_array_equal(together, train(states * 4, pairs=False, latents=4, steps=5, seed=1)(states))


def test_latent_attention_learns_what_planted_pairs_share_and_nothing_from_unrelated_ones() -> None:
    """Only dimensions 0 to 3 are shared by the two sides; the others are large noise, which the mean cannot leave."""
    draw = np.random.default_rng(0)

    def sides(n: int, shared: float) -> list[np.ndarray]:
        topics = shared * np.repeat(draw.normal(size=(n, 1, 4)), 2, axis=0)
        return [
            np.concatenate([np.repeat(t, 3, 0), 2 * draw.normal(size=(3, 4))], 1).astype(np.float32) for t in topics
        ]

    def found(pool: object, states: list[np.ndarray]) -> float:
        rows = pool(states)  # type: ignore[operator]
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return float(np.mean((rows[::2] @ rows[1::2].T).argmax(1) == np.arange(len(rows) // 2)))

    train_on, held_out = sides(200, 1.0), sides(60, 1.0)
    trained = train(train_on, pairs=True, latents=4, steps=150, seed=0)
    plain = found(lambda states: np.stack([s.mean(0) for s in states]), held_out)
    assert found(trained, held_out) > plain + 0.1
    nothing = train(sides(200, 0.0), pairs=True, latents=4, steps=20, seed=0)
    assert found(nothing, sides(60, 0.0)) < 0.15


def test_every_fixed_row_is_a_separate_evaluation(spec: PoolingSpec, result: PoolingResult) -> None:
    model = loaded(spec)
    table = result.scores.set_index(["task", "mask", "pooling"])
    for name in spec.tasks:
        found = pairs.load(ReadsPairs(**spec.choice().model_dump(), pairs=name, n=spec.n), model)
        for how in ("mean", "weighted", "last", "first"):
            rows = read_texts(model, found.texts, how)[model.layers[-1]].astype(float)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            near = (rows[found.first] * rows[found.second]).sum(1)
            alone = spearmanr(near, found.score).statistic
            assert table.loc[(name, "bidirectional", how)].value == pytest.approx(alone, abs=2e-3)
    assert set(result.scores.task) == {*spec.tasks, "mean of all"}
    assert len(result.scores) == 3 * 2 * 8
    mean = table.loc[("mean of all", "causal", "max")].value
    assert mean == pytest.approx(np.mean([table.loc[(name, "causal", "max")].value for name in spec.tasks]))
    plain = result.scores[result.scores.own & (result.scores.pooling == "mean")]
    assert not plain[["more", "more_low", "more_high"]].to_numpy().any()
    assert (result.scores.low <= result.scores.value).all()
    assert (result.scores.value <= result.scores.high).all()
    assert result.scores.untrained.notna().all()


def test_partners_are_found_and_the_answer_leaves_as_a_figure(
    tiny_gpt2: Path, tmp_path: Path, strata_home: Path
) -> None:
    corpus = f"flores:{line_folder(tmp_path, 100)}"
    asked = PoolingSpec(model=str(tiny_gpt2), tasks=(corpus,), n=50, layer="1", latents=2, steps=2, seeds=1)
    found = run(asked.model_copy(update={"random_init": False, "masks": "own"}), Progress())
    assert set(found.scores.measure) == {"MRR"}
    assert (found.own, set(found.scores["mask"]), len(found.scores)) == ("causal", {"causal"}, 8)
    assert "random weights" not in found.headline()
    assert f"{found.value:.2f}" in found.headline()
    store.save(asked, found, 0.1)
    assert export.file_bytes(asked, found, "pdf", figure="poolings_by_task").startswith(b"%PDF")


def test_wrong_layers_and_sets_are_refused(spec: PoolingSpec) -> None:
    with pytest.raises(StrataError, match="has no layer '9'"):
        run(spec.model_copy(update={"layer": "9"}), Progress())
    for tasks in ((), ("lee", "lee"), ("",)):
        with pytest.raises(ValidationError, match="1 to 6 different sets of pairs are needed"):
            PoolingSpec(tasks=tasks)
    with pytest.raises(ValidationError, match="Input should be 'both' or 'own'"):
        PoolingSpec(masks="none")
