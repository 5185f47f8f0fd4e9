"""Likeness of layers: against the measures on vectors, a model and itself, strangers, what is left out and refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import line_folder, small_likeness

from probes import analyses
from probes.alignment import LikenessSpec, likening
from probes.alignment.kernels import NAMES, kernel
from probes.alignment.likeness import LikenessResult
from probes.alignment.measures import measure
from probes.alignment.pairs import choose, grid
from probes.contract import Progress
from probes.corpora import load as texts_of
from probes.errors import StrataError
from probes.extract.texts import read_texts
from probes.models import load


def ask(spec: LikenessSpec) -> LikenessResult:
    found: LikenessResult = analyses.of(spec).run(spec, Progress())
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return line_folder(tmp_path_factory.mktemp("sentences"), 20)


@pytest.fixture(scope="module")
def two(tiny_bert: Path, tiny_llama: Path, folder: Path) -> LikenessResult:
    """Two models and every measure there is."""
    return ask(small_likeness(tiny_bert, tiny_llama, folder, n=20, measures=NAMES))


@pytest.fixture(scope="module")
def one(tiny_llama: Path, folder: Path) -> LikenessResult:
    return ask(small_likeness(tiny_llama, "same", folder, n=20))


def vectors(model: Path, folder: Path, **asked: Any) -> dict[str, np.ndarray]:
    texts = texts_of(f"flores:{folder}", language="eng_Latn", n=20).texts
    return read_texts(load(str(model), device="cpu", **asked), texts, "mean")


@pytest.mark.parametrize("name", NAMES)
def test_every_pair_of_layers_is_the_measure_on_their_vectors(
    name: str, two: LikenessResult, tiny_bert: Path, tiny_llama: Path, folder: Path
) -> None:
    x, y = vectors(tiny_bert, folder), vectors(tiny_llama, folder)
    rows = two.of(name)
    assert len(rows) == len(x) * len(y) == 3 * 4
    for row in rows.itertuples():
        assert row.value == pytest.approx(measure(name).call(x[row.layer], y[row.other_layer]), abs=1e-6)
    assert (rows.low <= rows.value).all()
    assert (rows.value <= rows.high).all()


def test_random_weights_are_those_of_two_seeds(
    two: LikenessResult, tiny_bert: Path, tiny_llama: Path, folder: Path
) -> None:
    x, y = vectors(tiny_bert, folder, random_init=0), vectors(tiny_llama, folder, random_init=1)
    for row in two.of("cka-unbiased").itertuples():
        wanted = measure("cka-unbiased").call(x[row.layer], y[row.other_layer])
        assert row.random == pytest.approx(wanted, abs=1e-5)


def test_one_model_is_alike_to_itself_and_its_changes_are_what_is_missing(one: LikenessResult) -> None:
    assert (one.how, one.model, one.other) == ("one", one.other, one.model)
    wide = one.of("cka-unbiased").pivot(index="order", columns="other_order", values="value").to_numpy()
    np.testing.assert_allclose(wide, wide.T, atol=1e-12)
    np.testing.assert_allclose(np.diag(wide), 1)
    steps = one.change[one.change.measure == "cka-unbiased"]
    np.testing.assert_allclose(steps.change, 1 - np.diagonal(wide, 1))
    assert list(zip(steps.before, steps.layer, strict=True)) == [("0", "1"), ("1", "2"), ("2", "2 + norm")]
    assert (steps.low <= steps.change).all()
    assert (steps.change <= steps.high).all()
    assert one.best in set(zip(steps.before, steps.layer, strict=True))
    assert one.headline().startswith(f"tiny_llama changes most from layer {one.best[0]} to layer {one.best[1]} of 2: ")


def test_changed_weights_in_one_layer_are_found_there(tiny_bert: Path, folder: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    tuned = tmp_path / "tuned"
    shutil.copytree(tiny_bert, tuned)
    weights = load_file(tuned / "model.safetensors")
    draw = np.random.default_rng(0)
    for name in weights:
        if "layer.1." in name and "weight" in name and "LayerNorm" not in name:
            weights[name] = draw.standard_normal(weights[name].shape).astype(np.float32)
    save_file(weights, tuned / "model.safetensors", metadata={"format": "pt"})
    found = ask(small_likeness(tiny_bert, tuned, folder, n=20))
    assert found.how == "kin"
    same = found.of("cka-unbiased")
    same = same[same.layer == same.other_layer].value.to_numpy()
    np.testing.assert_allclose(same[:2], 1, atol=1e-6)
    assert same[2] < 0.9
    assert found.best == ("2", "2")
    assert found.average == pytest.approx(same.mean())
    assert found.headline().startswith("tiny_bert and tuned differ most at layer 2 of 2: unbiased CKA ")
    assert any(note.startswith(f"Compared with {tuned}, revision ") for note in found.source.notes)


def test_measures_agree_with_themselves_and_distances_are_turned_round(two: LikenessResult) -> None:
    wide = two.agreement.pivot(index="measure", columns="other", values="rho")
    np.testing.assert_allclose(np.diag(wide), 1)
    assert (two.agreement.pairs == 12).all()
    assert wide.loc["cka", "procrustes"] > 0  # unturned it would be below 0


def test_strangers_are_at_the_chance_level_and_relatives_above_it() -> None:
    draw = np.random.default_rng(2)
    shared, n = draw.standard_normal((80, 5)), 80
    x, y, z = (shared @ draw.standard_normal((5, 12)), shared @ draw.standard_normal((5, 9)), draw.random((n, 9)))
    for name in NAMES[:6]:
        of = kernel(name)
        k = of.matrix(x)[None]
        near, far = (grid(of, k, of.matrix(side)[None], draws=20) for side in (y, z))
        assert near.low[0, 0] > near.null_high[0, 0], name
        assert far.low[0, 0] < far.null_high[0, 0], name
        assert near.null[0, 0] == pytest.approx(far.null[0, 0], abs=0.05)


def test_the_interval_covers_what_more_texts_say() -> None:
    of = kernel("cka-unbiased")
    draw = np.random.default_rng(5)
    mix, other = draw.standard_normal((6, 20)), draw.standard_normal((6, 15))

    def sides(n: int) -> tuple[np.ndarray, np.ndarray]:
        shared = draw.standard_normal((n, 6))
        x, y = shared @ mix + 2 * draw.standard_normal((n, 20)), shared @ other + 2 * draw.standard_normal((n, 15))
        return of.matrix(x)[None], of.matrix(y)[None]

    truth = grid(of, *sides(1000), draws=2).value[0, 0]
    found = [grid(of, *sides(60), draws=12, seed=i) for i in range(40)]
    covered = np.mean([g.low[0, 0] <= truth <= g.high[0, 0] for g in found])
    assert 0.85 <= covered <= 1
    assert np.mean([g.high[0, 0] - g.low[0, 0] for g in found]) < 0.5


def test_the_choice_is_made_on_other_texts_than_the_value() -> None:
    """With nothing to find, the best of many pairs looks like something, and its value on the other half does not."""
    of, draw = kernel("cka-unbiased"), np.random.default_rng(9)
    k, l = (np.stack([of.matrix(draw.random((40, 6))) for _ in range(12)]) for _ in range(2))  # noqa: E741
    chosen = choose(of, k, l, "two", draws=3, seed=0)
    half = np.sort(np.random.default_rng(0).permutation(40)[:20])
    seen = grid(of, k[:, half[:, None], half], l[:, half[:, None], half], draws=2).value
    assert seen[chosen.at] == seen.max() > 0.15
    assert chosen.value < 0.1
    assert chosen.low <= chosen.value <= chosen.high


def test_a_layer_that_is_the_same_for_every_text_is_left_out_and_said(tiny_bert: Path, folder: Path) -> None:
    found = ask(small_likeness(tiny_bert, "same", folder, pooling="first", random_init=False))
    assert found.layers == ("1", "2")  # [CLS] has one embedding
    assert "Layer 0 of tiny_bert is the same for every text and is left out." in found.source.notes
    assert found.random == ()
    assert found.likeness["random"].isna().all()
    assert "random weights" not in found.headline()


def test_texts_too_long_for_either_and_repeated_ones_are_left_out_and_counted(
    tiny_bert: Path, tiny_gpt2: Path, tmp_path: Path
) -> None:
    table = tmp_path / "texts.csv"
    rows = [f"value name {'x' * (i + 1)}" for i in range(18)]
    table.write_text("\n".join(["text", *rows, rows[0], "item " * 600]) + "\n")
    found = ask(small_likeness(tiny_bert, tiny_gpt2, tmp_path, corpus=f"table:{table}", n=20))
    assert found.left_out == {likening.TWICE: 1, likening.TOO_LONG: 1}
    assert found.texts == 18
    assert "The corpus gave 18 texts of the 20 asked for." in found.source.notes


def test_too_few_texts_and_too_large_matrices_are_refused(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = line_folder(tmp_path / "short", 12)
    with pytest.raises(StrataError, match="gave 12 texts that can be compared; at least 16") as refusal:
        ask(small_likeness(tiny_bert, "same", short))
    assert refusal.value.code == "E-LIKENESS-FEW"
    monkeypatch.setattr(likening, "LARGEST", 1000)
    with pytest.raises(StrataError, match="Take fewer texts or fewer measures") as refusal:
        ask(small_likeness(tiny_bert, "same", line_folder(tmp_path / "enough", 20)))
    assert refusal.value.code == "E-ALIGN-SIZE"


def test_states_that_are_no_numbers_are_refused(tiny_bert: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = likening.read_texts

    def broken(*given: Any, **more: Any) -> dict[str, np.ndarray]:
        rows = real(*given, **more)
        rows["1"][2, 3] = np.nan
        return rows

    monkeypatch.setattr(likening, "read_texts", broken)
    with pytest.raises(StrataError, match="hold NaN or infinite numbers") as refusal:
        ask(small_likeness(tiny_bert, "same", folder))
    assert refusal.value.code == "E-STATES-NAN"
    monkeypatch.setattr(likening, "read_texts", lambda *a, **k: {"0": np.ones((16, 4), np.float32)})
    with pytest.raises(StrataError, match="No layer of .* tells these texts apart") as refusal:
        ask(small_likeness(tiny_bert, "same", folder))
    assert refusal.value.code == "E-ALIGN-FLAT"


def test_the_other_model_is_the_same_one_with_an_adapter_or_another_one() -> None:
    alone = LikenessSpec(model="a", revision="r", other="same")
    assert alone.alone
    assert alone.twin() == alone.choice()
    tuned = LikenessSpec(model="a", revision="r", other="same", other_adapter="lora", dtype="bfloat16").twin()
    assert (tuned.model, tuned.revision, tuned.adapter, tuned.dtype) == ("a", "r", "lora", "bfloat16")
    other = LikenessSpec(model="a", revision="r", adapter="x", other="b", other_revision="s").twin()
    assert (other.model, other.revision, other.adapter) == ("b", "s", None)
    assert likening._called_other(LikenessSpec(model="me/a", other="you/a")) == "the other a"
    with pytest.raises(StrataError, match="at least one measure"):
        analyses.parse("likeness", {"measures": ""})


def test_pins_of_the_other_model_come_off_again(tiny_bert: Path, folder: Path) -> None:
    asked = small_likeness(tiny_bert, tiny_bert, folder)
    pinned = asked.pinned()
    assert str(pinned.other_revision).startswith("files:")
    assert pinned.unpinned() == asked
    with pytest.raises(KeyError, match="'bures' was not measured"):
        ask(small_likeness(tiny_bert, "same", folder)).of("bures")
