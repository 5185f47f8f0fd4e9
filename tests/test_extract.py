"""Extraction against plain loops and plain transformers; interrupted, short of memory, damaged, and asked twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from slow_pooling import aligned, layout, mean_rows

from probes import extract as at
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import Model, load
from probes.models.provenance import source_of
from probes.store import States
from probes.syntax.tuples import encode

TEXTS = ["def f(self):\n    return self.name", "x", "for item in items:\n    print(item)", "if a == b: return", "a b c"]
TINY = ["tiny_bert", "tiny_llama", "tiny_t5", "tiny_gpt2"]


def words_of(text: str) -> np.ndarray:
    ends = [i for i in range(1, len(text) + 1) if i == len(text) or text[i].isspace() != text[i - 1].isspace()]
    pairs = zip([0, *ends[:-1]], ends, strict=True)
    return np.array([(a, b) for a, b in pairs if not text[a:b].isspace()], np.int64).reshape(-1, 2)


def run(model: Model, texts: list[str], progress: Progress | None = None) -> States:
    source = source_of(model, corpus="ours", texts=texts, seed=0)
    return at.extract(model, texts, [words_of(t) for t in texts], source=source, progress=progress)


@pytest.fixture(scope="module", params=TINY)
def model(request: pytest.FixtureRequest) -> Model:
    return load(str(request.getfixturevalue(request.param)), device="cpu")


@pytest.fixture(scope="module")
def bert(tiny_bert: Path) -> Model:
    return load(str(tiny_bert), device="cpu")


@pytest.fixture
def forwards(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts each forward pass had."""
    seen: list[int] = []
    real = at.pooled

    def counted(model: Model, texts: list[str], *rest: Any) -> tuple[dict[str, torch.Tensor], np.ndarray]:
        seen.append(len(texts))
        return real(model, texts, *rest)

    monkeypatch.setattr(at, "pooled", counted)
    return seen


# ---- alignment and pooling -------------------------------------------------------------------------------------------


def test_alignment_is_character_overlap_whatever_the_layout() -> None:
    rng = np.random.default_rng(0)
    dropped = shared = empty = 0
    for _ in range(300):
        offsets, special, spans = layout(rng, int(rng.integers(1, 6)))
        pooling, slow = at.align(offsets, special, spans), aligned(offsets, special, spans)
        assert pooling.count.tolist() == [len(tokens) for tokens in slow]
        assert pooling.token.tolist() == [token for tokens in slow for token in tokens]
        dropped += sum(not tokens for tokens in slow)
        shared += len(pooling.token) - len(set(pooling.token.tolist()))
        empty += sum(not len(s) for s in spans)
    assert min(dropped, shared, empty) > 20  # the hard cases were there


@pytest.mark.parametrize(
    ("span", "token", "meets"),
    [
        ((2, 4), (2, 4), 1),
        ((2, 4), (0, 2), 0),  # touching is not meeting
        ((2, 4), (4, 6), 0),
        ((2, 4), (1, 3), 1),
        ((2, 4), (3, 9), 1),
        ((2, 4), (0, 9), 1),
        ((2, 4), (3, 4), 1),
        ((2, 4), (3, 3), 0),  # a token without characters is nobody's
    ],
)
def test_a_span_has_the_tokens_it_shares_a_character_with(
    span: tuple[int, int], token: tuple[int, int], meets: int
) -> None:
    assert at.align(np.array([[token]]), np.array([[False]]), [np.array([span])]).count.tolist() == [meets]
    assert at.align(np.array([[token]]), np.array([[True]]), [np.array([span])]).count.tolist() == [0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_pooling_is_the_mean_of_a_spans_rows_and_zero_without_any(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        offsets, special, spans = layout(rng, 3)
        states = torch.from_numpy(rng.normal(size=(*special.shape, 5)).astype(np.float32)).to(dtype)
        rows = at.pool(states, at.align(offsets, special, spans))
        assert rows.dtype == torch.float32
        assert np.allclose(rows.numpy(), mean_rows(states, aligned(offsets, special, spans)), atol=1e-6)


def test_every_word_of_hostile_code_has_tokens_or_is_reported(model: Model) -> None:
    snippets = [
        "\ufeffdef f(x):\r\n\treturn x\r\n",
        "\tname = 'é😀👩‍👩‍👧'\n",
        "נתון = 'שלום'\n",
        "ａｂ = 'ﬁ'; x = '\u0301'\n",
        "a=[1,2,-3]",
    ]
    for code in snippets:
        tree = encode(code, "python")
        spans = np.array(tree.spans, np.int64)
        assert [tree.text[a:b] for a, b in tree.spans] == list(tree.words)
        rows, count = at.pooled(model, [tree.text], [spans])
        encoded = model.encode([tree.text])
        assert count.tolist() == [len(tokens) for tokens in aligned(encoded.offsets, encoded.special, [spans])]
        assert (count > 0).all(), f"{tree.words[int((count == 0).argmax())]!r} was lost"
        assert all(torch.isfinite(layer).all() for layer in rows.values())


def test_a_word_the_tokenizer_drops_is_reported_and_zero(bert: Model) -> None:
    rows, count = at.pooled(bert, ["a \x07 b"], [np.array([[0, 1], [2, 3], [4, 5]])])
    assert count.tolist() == [1, 0, 1]  # BERT removes control characters
    assert not rows["1"][1].any()
    assert rows["1"][0].any()


@pytest.mark.parametrize("name", TINY)
def test_shapes_need_no_weights(name: str, request: pytest.FixtureRequest) -> None:
    model = load(str(request.getfixturevalue(name)), device="meta", random_init=0)
    rows, _ = at.pooled(model, TEXTS, [words_of(t) for t in TEXTS])
    words = sum(len(words_of(t)) for t in TEXTS)
    assert {label: tuple(states.shape) for label, states in rows.items()} == {
        label: (words, model.width) for label in model.layers
    }


# ---- the whole way ---------------------------------------------------------------------------------------------------


def by_hand(model: Model, text: str) -> list[np.ndarray]:
    """Word means of each of `output_hidden_states`, one text, no padding."""
    batch = model.tokenizer(text, return_tensors="pt", return_offsets_mapping=True, return_special_tokens_mask=True)
    with torch.no_grad():
        out = model.net(input_ids=batch["input_ids"], output_hidden_states=True)
    offsets, special = batch["offset_mapping"].numpy(), batch["special_tokens_mask"].numpy().astype(bool)
    tokens = aligned(offsets, special, [words_of(text)])
    return [mean_rows(states, tokens) for states in out.hidden_states]


@pytest.mark.parametrize("budget", [1, 40, 4096])
def test_states_are_the_models_own_whatever_the_batches(
    model: Model, budget: int, monkeypatch: pytest.MonkeyPatch, forwards: list[int]
) -> None:
    monkeypatch.setattr(at.Packer, "__init__", lambda self, lengths: _packer(self, lengths, budget))
    texts = [*TEXTS, TEXTS[0] + "\n" + TEXTS[2]]
    states = run(model, texts)
    assert sum(forwards) == len(texts)
    assert len(forwards) > 1 or budget == 4096
    labels = [label for label in model.layers if "norm" not in label]
    for i, text in enumerate(texts):
        rows = slice(*states.starts[i : i + 2])
        plain = by_hand(model, text)
        for layer, label in enumerate(labels[:-1]):
            assert np.abs(states.at(label)[rows] - plain[layer]).max() < 1e-5
        last = model.layers[-1]  # transformers gives the last layer after the final norm, where there is one
        assert np.abs(states.at(last)[rows] - plain[-1]).max() < 1e-5
    assert (states.tokens > 0).all()


def _packer(self: at.Packer, lengths: np.ndarray, budget: int) -> None:
    self.lengths, self.budget, self.shrunk = lengths, budget, []


def test_the_layers_are_the_models_and_the_last_is_there_before_and_after_the_norm(model: Model) -> None:
    states = run(model, TEXTS)
    normed = ("2 + norm",) if model.family != "bert" else ()
    assert states.layers == model.layers == ("0", "1", "2", *normed)
    assert states.source.model == model.name
    if normed:
        assert np.abs(states.at("2") - states.at("2 + norm")).max() > 1e-3
    with pytest.raises(StrataError, match="Choose one of 0, 1, 2") as caught:
        states.at("7")
    assert caught.value.code == "E-LAYER-UNKNOWN"


def test_nothing_too_long_is_ever_cut(bert: Model, forwards: list[int]) -> None:
    texts = ["def", "x " * 511, "a " * 600]
    with pytest.raises(StrataError, match="2 of 3 texts .* text 2, has 602 .* 512 positions") as caught:
        run(bert, texts)
    assert caught.value.code == "E-TEXT-TOO-LONG"
    assert not forwards
    assert run(bert, ["x " * 510]).rows == 510


# ---- out of memory ---------------------------------------------------------------------------------------------------


def run_out(monkeypatch: pytest.MonkeyPatch, room: int) -> list[int]:
    """Let a forward of more than `room` texts fail."""
    real, tried = at.pooled, []

    def small(model: Model, texts: list[str], *rest: Any) -> tuple[dict[str, torch.Tensor], np.ndarray]:
        tried.append(len(texts))
        if len(texts) > room:
            raise torch.OutOfMemoryError("none left")
        return real(model, texts, *rest)

    monkeypatch.setattr(at, "pooled", small)
    return tried


def test_out_of_memory_halves_the_batch_and_remembers(bert: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"a b c {chr(97 + i)}" for i in range(16)]
    plain = run(bert, texts).at("2").copy()
    monkeypatch.setenv("STRATA_HOME", str(Path(at.store.home()).with_name("again")))
    tried = run_out(monkeypatch, 4)
    assert np.abs(run(bert, texts).at("2") - plain).max() < 1e-6
    assert tried == [16, 8, 4, 4, 4, 4]


def test_a_single_text_that_does_not_fit_says_so(bert: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    run_out(monkeypatch, 0)
    with pytest.raises(StrataError, match="One text of 3 sub-tokens does not fit.*smaller dtype") as caught:
        run(bert, ["x"])
    assert caught.value.code == "E-MEMORY"


@pytest.mark.parametrize("budget", [1, 7, 30, 1000])
def test_batches_cover_the_order_within_the_budget(budget: int) -> None:
    lengths = np.sort(np.random.default_rng(budget).integers(1, 20, 50))
    batches = list(at.Packer(lengths, budget).batches(np.arange(50)))
    assert np.concatenate(batches).tolist() == list(range(50))
    for k, batch in enumerate(batches):
        assert len(batch) == 1 or lengths[batch].max() * len(batch) <= budget
        if k + 1 < len(batches):  # and none could have taken the next text too
            assert lengths[batches[k + 1][0]] * (len(batch) + 1) > budget
