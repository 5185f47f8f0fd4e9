"""Offsets cover the text as it was given, nothing is cut, nothing is added."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from copying import KEPT

from probes.errors import StrataError
from probes.models import Model, load, loaded
from probes.models.choice import ReadsModel
from probes.models.encoding import check_known, unknown_of

TINY = ["tiny_bert", "tiny_gpt2", "tiny_llama", "tiny_t5"]
HARD = [
    "def add(a, b):\r\n\treturn a + b",
    "\ufeffx = 'héllo'",
    "s = '😀👩‍👩‍👧 e\u0301'",
    "'\u202e\u05d0\u05d1\u05d2'",
    "a\0b",
    "x",
    "    for i in range(10):\n        print(i)  # naïve",
]


@pytest.fixture(params=TINY)
def model(request: pytest.FixtureRequest) -> Model:
    return loaded(ReadsModel(model=str(request.getfixturevalue(request.param)), device="cpu"))


@pytest.mark.parametrize("text", HARD)
def test_offsets_are_characters_of_the_text(model: Model, text: str) -> None:
    encoded = model.encode([text])
    spans = encoded.offsets[0][~encoded.special[0]]
    assert (spans[:, 0] <= spans[:, 1]).all()
    assert (np.diff(spans[:, 0]) >= 0).all()
    assert spans.max(initial=0) <= len(text)
    covered = {i for a, b in spans for i in range(a, b)}
    # every printable ASCII character lies in some token; blanks and control characters may be dropped
    assert {i for i, c in enumerate(text) if "!" <= c <= "~"} <= covered


def test_a_token_spells_its_span(tiny_bert: Path) -> None:
    text = "def add(a, b):\n    return a + b"
    model = loaded(ReadsModel(model=str(tiny_bert), device="cpu"))
    encoded = model.encode([text])
    spelled = [text[a:b] for a, b in encoded.offsets[0][~encoded.special[0]]]
    assert spelled == ["def", "add", "(", "a", ",", "b", ")", ":", "return", "a", "+", "b"]


@pytest.mark.parametrize("seed", range(20))
def test_any_text_has_offsets_within_it(tiny_llama: Path, seed: int) -> None:
    draw = np.random.default_rng(seed)
    points = np.concatenate([draw.integers(1, 0xD800, 30), draw.integers(0xE000, 0x110000, 10)])
    text = "".join(chr(point) for point in draw.permutation(points))
    encoded = loaded(ReadsModel(model=str(tiny_llama), device="cpu")).encode([text])
    assert encoded.offsets.min() >= 0
    assert encoded.offsets.max() == len(text)
    covered = {i for a, b in encoded.offsets[0] for i in range(a, b)}
    assert covered == set(range(len(text)))


def test_what_is_added_is_marked(tiny_bert: Path, tiny_gpt2: Path, tiny_llama: Path, tiny_t5: Path) -> None:
    for folder, before, after in [(tiny_bert, 1, 1), (tiny_gpt2, 0, 0), (tiny_llama, 1, 0), (tiny_t5, 0, 1)]:
        encoded = loaded(ReadsModel(model=str(folder), device="cpu")).encode(["return value"])
        special = encoded.special[0].tolist()
        assert special == [True] * before + [False] * (len(special) - before - after) + [True] * after


def test_rows_are_padded_and_masked(model: Model) -> None:
    texts = ["return", "return value + value"]
    right, left = model.encode(texts), model.encode(texts, side="left")
    lengths = model.lengths(texts)
    assert right.mask.sum(1).tolist() == left.mask.sum(1).tolist() == lengths.tolist()
    assert right.mask[0, 0] == 1 == left.mask[0, -1]
    assert right.mask[0, -1] == 0 == left.mask[0, 0]
    assert right.special[0, -1]
    assert right.offsets[0, -1].tolist() == [0, 0]
    assert (right.ids[0][right.mask[0].bool()] == left.ids[0][left.mask[0].bool()]).all()
    alone = model.encode(texts[:1])
    assert (alone.ids[0] == right.ids[0, : int(lengths[0])]).all()


def test_types_only_for_models_that_have_them(tiny_bert: Path, tiny_gpt2: Path) -> None:
    # GPT-2's forward takes token_type_ids and would add the embedding of word 0
    assert set(loaded(ReadsModel(model=str(tiny_bert), device="cpu")).encode(["x"]).extra) == {"token_type_ids"}
    assert set(loaded(ReadsModel(model=str(tiny_gpt2), device="cpu")).encode(["x"]).extra) == set()


def test_a_long_text_is_refused_with_the_counts(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    long = "x = 1\n" * 3000
    lengths = model.lengths(["x", long])
    assert lengths[1] > model.context
    assert not caplog.records  # the tokenizer's own warning would promise an error that does not come
    said = (
        rf"1 of 2 texts are longer than .* text 1, has {lengths[1]} sub-tokens; the model has {model.context} positions"
    )
    with pytest.raises(StrataError, match=said) as caught:
        model.encode(["x", long])
    assert caught.value.code == "E-TEXT-TOO-LONG"
    with pytest.raises(StrataError, match=said):
        model.check_lengths(lengths)


def test_a_text_that_just_fits_is_read(tiny_gpt2: Path) -> None:
    model = loaded(ReadsModel(model=str(tiny_gpt2), device="cpu"))
    text = "!" * model.context
    assert model.lengths([text]).tolist() == [model.context]
    assert model.forward(model.encode([text])).last_hidden_state.shape == (1, model.context, 16)


def test_no_text_and_empty_text(tiny_gpt2: Path, tiny_bert: Path) -> None:
    gpt2, bert = (
        loaded(ReadsModel(model=str(tiny_gpt2), device="cpu")),
        loaded(ReadsModel(model=str(tiny_bert), device="cpu")),
    )
    assert gpt2.lengths([]).tolist() == []
    assert gpt2.lengths(["", "x"]).tolist() == [0, 1]
    assert bert.encode([""]).special.tolist() == [[True, True]]
    with pytest.raises(StrataError, match=r"Text 1 gives no token \(1 of 2 texts do not\)") as caught:
        gpt2.encode(["x", ""])
    assert caught.value.code == "E-TEXT-EMPTY"


def test_a_text_of_which_nothing_is_known_is_told_from_one_that_is(tiny_bert: Path, tiny_gpt2: Path) -> None:
    copying, bert, gpt2 = (
        loaded(ReadsModel(model=str(folder), device="cpu")) for folder in (KEPT, tiny_bert, tiny_gpt2)
    )
    pad = copying.tokenizer.pad_token_id
    assert (unknown_of(copying.tokenizer), copying.tokenizer.unk_token_id) == (pad, None)  # only its inside says it
    assert unknown_of(bert.tokenizer) == bert.tokenizer.unk_token_id
    assert unknown_of(gpt2.tokenizer) is None  # of bytes nothing is unknown
    with pytest.raises(StrataError, match=r"All 2 of its tokens are read as '\[PAD\]'") as caught:
        check_known(copying, copying.encode(["the cat"]))
    assert caught.value.code == "E-TEXT-UNKNOWN"
    for model, text in ((copying, "the a"), (gpt2, "the cat"), (bert, "")):
        check_known(model, model.encode([text]))


def test_half_a_surrogate_pair(tiny_gpt2: Path) -> None:
    with pytest.raises(StrataError, match="Text 0 holds half of a surrogate pair") as caught:
        loaded(ReadsModel(model=str(tiny_gpt2), device="cpu")).encode(["a\ud83d"])
    assert caught.value.code == "E-TEXT-UNICODE"


def test_an_id_beyond_the_embeddings(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_gpt2, tmp_path / "small"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 20, "bos_token_id": 0, "eos_token_id": 0}))
    with pytest.raises(StrataError, match="but the model has only 20 embeddings") as caught:
        load(str(folder), random_init=0)
    assert caught.value.code == "E-TOKENIZER-VOCAB"
