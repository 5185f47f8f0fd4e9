"""A model that learnt to copy: what it copies rests on where it was copied from, and patching finds the way it took."""

import numpy as np
import pandas as pd
import pytest
import torch
from copying import KEPT, LETTERS, texts

from probes.attribution import AttributionSpec, captumed
from probes.attribution.analysis import run as attribute
from probes.attribution.baselines import baseline
from probes.attribution.targets import Asked, question
from probes.contract import Progress
from probes.intervention import PatchingSpec
from probes.intervention.exchange import NEIGHBOUR, THIS
from probes.intervention.patching import run as patch
from probes.models import load

MODEL = str(KEPT)
TEXT = "d k a m q t d k a m"
SOURCE, END = 4, 9


def repeated(n: int) -> list[tuple[str, int, str, str]]:
    """Return texts that end inside their pattern's second time, where the next letter stood, it, and another one."""
    draw, found = np.random.default_rng(0), []
    for _ in range(n):
        period = int(draw.integers(6, 11))
        pattern = draw.permutation(list(LETTERS))[:period].tolist()
        stop = int(draw.integers(2, period - 1))
        found.append((" ".join(pattern + pattern[:stop]), stop, pattern[stop], pattern[(stop + 3) % period]))
    return found


def test_the_model_copies_and_is_kept_as_it_learnt() -> None:
    model = load(MODEL, device="cpu")
    said = []
    for text, _, truth, _ in repeated(30):
        asked = question(model, Asked(text))
        assert asked.row is not None
        with torch.no_grad():
            said.append(model.tokenizer.decode(int(asked.row(asked.encoded)[0].argmax())) == truth)
    assert np.mean(said) > 0.9
    ids, again = texts(torch.Generator().manual_seed(5))
    assert all(len(set(row[~told].tolist())) == (~told).sum() for row, told in zip(ids, again, strict=True))


@pytest.mark.parametrize("method", ["ablation", "integrated gradients"])
def test_a_copied_token_rests_on_its_source(method: str) -> None:
    model, ranks = load(MODEL, device="cpu"), []
    for text, source, truth, other in repeated(20):
        asked = question(model, Asked(text, token=truth, against=other))
        x, base = asked.states(), baseline(asked, "mean")
        values = (
            captumed.ablation(asked, x, base)
            if method == "ablation"
            else captumed.integrated_gradients(asked, x, base, 128)
        )
        ranks.append(int((values > values[source]).sum()))
    assert max(ranks) < 3  # with what stood before it, and the end, all that a copy needs
    assert np.mean(np.array(ranks) == 0) >= 0.5  # one of 8 to 18 tokens


def test_the_source_and_what_stood_before_it_are_all_that_a_prediction_needs_but_the_end() -> None:
    spec = AttributionSpec(model=MODEL, text=TEXT, method="feature ablation", device="cpu")
    values = attribute(spec, Progress()).tokens["value"]
    needed = {SOURCE - 1, SOURCE, END}
    assert set(values.abs().nlargest(3).index) == needed
    assert values.drop([*needed]).abs().max() < 0.05 * values.abs().max()


def recovered(site: str) -> pd.DataFrame:
    given = {"prompt": TEXT, "other": TEXT.replace("q", "s"), "answer": "q", "instead": "s"}
    return patch(PatchingSpec(model=MODEL, site=site, device="cpu", **given), Progress()).cells


def test_patching_finds_the_source_and_the_layer_that_copies() -> None:
    cells = recovered("residual")
    found = cells[cells["patch"] == THIS].set_index(["layer", "position"])["recovered"]
    planted = {("0", SOURCE), ("1", SOURCE), ("2", END)}
    assert (found[list(planted)] > 0.9).all()
    assert found.drop(list(planted)).abs().max() < 0.1
    beside = cells[cells["patch"] == NEIGHBOUR].set_index(["layer", "position"])["recovered"]
    assert (beside[[("1", SOURCE), ("2", END)]] < 0.9).all()


def test_patching_finds_the_attention_and_the_heads_that_copy() -> None:
    cells = recovered("attention")
    found = cells[cells["patch"] == THIS].set_index(["layer", "position"])["recovered"]
    assert found["2", END] > 0.9
    assert found.drop([("2", END)]).abs().max() < 0.2
    cells = recovered("heads")
    heads = cells[cells["patch"] == THIS].set_index(["layer", "head"])["recovered"]
    assert set(heads.nlargest(2).index.get_level_values("layer")) == {"2"}
    assert heads["1"].abs().max() < 0.2
    head = int(heads["2"].idxmax())
    spec = AttributionSpec(model=MODEL, text=TEXT, method="attention", layer=2, head=head, attention="eager")
    looks = attribute(spec.model_copy(update={"device": "cpu"}), Progress()).tokens["value"]
    assert int(looks.idxmax()) == SOURCE  # and there it looks
