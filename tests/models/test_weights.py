"""Real weights: known hashes, known ids, and numbers measured outside this code."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from probes.models import Model, catalogue, estimate, hidden_states, load, loaded
from probes.models.choice import ReadsModel

pytestmark = pytest.mark.weights


def pooled(model: Model, texts: list[str]) -> dict[str, np.ndarray]:
    encoded = model.encode(texts)
    mask = encoded.mask[..., None]
    states = hidden_states(model, encoded)
    return {label: ((s * mask).sum(1) / mask.sum(1)).numpy() for label, s in states.items()}


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_minilm_is_the_published_file(minilm: str) -> None:
    model = loaded(ReadsModel(model=minilm, device="cpu"))
    assert model.weights == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert len(model.layers) == 7
    assert model.notes == ()
    assert model.check.passed
    assert model.check.table()["difference"].max() < 1e-4


@pytest.mark.parametrize("name", catalogue.names())
def test_the_catalogue_says_what_is_loaded(name: str, real: Callable[[str], str]) -> None:
    entry, model = catalogue.entry(name), loaded(ReadsModel(model=real(name), device="cpu"))
    assert entry.cached
    assert (entry.layers, entry.width, entry.family) == (model.depth, model.width, model.family)
    assert entry.parameters == model.parameters == estimate(name, device="cpu").parameters
    assert model.notes == ((entry.quantised,) if entry.quantised else ())


def test_minilm_against_plain_transformers(minilm: str) -> None:
    from transformers import AutoModel, AutoTokenizer

    texts = ["A man is playing a guitar.", "Someone plays an instrument.", "The stock market fell sharply today."]
    model = loaded(ReadsModel(model=minilm, device="cpu"))
    folder = catalogue.entry(minilm).folder
    tokenizer, net = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        plain = [net(**tokenizer(t, return_tensors="pt"), output_hidden_states=True).hidden_states for t in texts]
    ours = pooled(model, texts)
    for i in range(len(texts)):
        for layer, states in enumerate(plain[i]):
            assert np.abs(ours[str(layer)][i] - states[0].mean(0).numpy()).max() < 1e-5


def test_minilm_gives_the_similarities_its_makers_print(minilm: str) -> None:
    # the quick start of sentence-transformers, for this model
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    rows = pooled(loaded(ReadsModel(model=minilm, device="cpu")), texts)["6"]
    found = [cosine(rows[0], rows[1]), cosine(rows[0], rows[2]), cosine(rows[1], rows[2])]
    assert found == pytest.approx([0.6660, 0.1046, 0.1411], abs=1e-4)


def test_a_random_twin_shares_nothing_but_the_shape(minilm: str) -> None:
    trained, random = (
        loaded(ReadsModel(model=minilm, device="cpu")),
        loaded(ReadsModel(model=minilm, device="cpu"), random_init=0),
    )
    assert random.layers == trained.layers
    assert random.parameters == trained.parameters
    assert random.identity != trained.identity


def test_smollm2_knows_the_capital(real: Callable[[str], str]) -> None:
    model = load(real("smollm2"), device="cpu")
    assert (model.depth, model.width, model.layers[-1]) == (30, 576, "30 + norm")
    last = hidden_states(model, model.encode(["The capital of France is"]), [model.layers[-1]])[model.layers[-1]]
    scores = last[0, -1] @ model.net.get_input_embeddings().weight.T  # the output embedding is tied to the input one
    assert model.tokenizer.decode(scores.argmax().item()) == " Paris"
    assert scores.softmax(0).max().item() == pytest.approx(0.77, abs=0.05)


def test_e5_splits_as_xlm_r_does(real: Callable[[str], str]) -> None:
    model = loaded(ReadsModel(model=real("e5-small"), device="cpu"))
    assert model.encode(["Hello world"]).ids.tolist() == [[0, 35378, 8999, 2]]
    texts = ["The cat sleeps on the sofa.", "Le chat dort sur le canapé.", "The bank raised its interest rates."]
    rows = pooled(model, [f"query: {text}" for text in texts])["12"]
    assert cosine(rows[0], rows[1]) == pytest.approx(0.89, abs=0.02)
    assert cosine(rows[0], rows[2]) < 0.8
