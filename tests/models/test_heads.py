"""A checkpoint's own head on the loaded network: the logits transformers itself gives, or a refusal in words."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from headed import saved
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from probes.errors import StrataError
from probes.models import language_model, load
from probes.models.check import fingerprint
from probes.models.tasks import predicts, task_of

TEXTS = ["def total(values): return sum(values)", "x"]
DECODERS = ("gpt2", "llama", "gemma2", "opt", "gpt_neox", "phi", "cohere", "granite", "bloom")
ENCODERS = ("bert", "roberta", "distilbert", "electra", "modernbert", "albert")


def same_logits(folder: Path, *, masked: bool, dtype: str = "float32") -> None:
    model = load(str(folder), device="cpu", dtype=dtype)
    before = fingerprint(model)
    lm = language_model(model)
    kind: Any = AutoModelForMaskedLM if masked else AutoModelForCausalLM
    whole = kind.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
    encoded = model.encode(TEXTS)
    asked = {"input_ids": encoded.ids, "attention_mask": encoded.mask}
    with torch.inference_mode():
        ours, theirs = lm.logits(encoded), whole(**asked).logits.float()
    real = encoded.mask.bool()
    assert lm.task == ("masked" if masked else "next")
    assert ours.dtype == torch.float32
    assert torch.allclose(ours[real], theirs[real], atol=1e-5 if dtype == "float32" else 0.05)
    assert ours.std() > 1e-3
    assert getattr(lm.net, lm.net.base_model_prefix) is model.net  # the network is not loaded a second time
    assert not any(p.is_meta for p in lm.net.parameters())
    assert not any(p.requires_grad for p in lm.net.parameters())
    assert fingerprint(model) == before


@pytest.mark.parametrize("family", [pytest.param(f, marks=() if f == "llama" else pytest.mark.slow) for f in DECODERS])
@pytest.mark.parametrize("tied", [True, False])
def test_a_decoder_gives_the_logits_of_the_whole_checkpoint(
    family: str, tied: bool, tiny_gpt2: Path, tmp_path: Path
) -> None:
    folder = saved(family, tmp_path / family, tiny_gpt2, masked=False, tie_word_embeddings=tied)
    same_logits(folder, masked=False)


@pytest.mark.parametrize("family", [pytest.param(f, marks=() if f == "bert" else pytest.mark.slow) for f in ENCODERS])
def test_an_encoder_gives_the_logits_of_the_whole_checkpoint(family: str, tiny_bert: Path, tmp_path: Path) -> None:
    same_logits(saved(family, tmp_path / family, tiny_bert, masked=True), masked=True)


def test_half_precision_and_a_tied_head_that_takes_no_memory(tiny_gpt2: Path) -> None:
    same_logits(tiny_gpt2, masked=False, dtype="bfloat16")
    model = load(str(tiny_gpt2), device="cpu")
    lm = language_model(model)
    assert lm.net.lm_head.weight is model.net.wte.weight


def test_a_checkpoint_in_several_files(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = saved("llama", tmp_path / "a", tiny_gpt2, masked=False, tie_word_embeddings=False)
    AutoModelForCausalLM.from_pretrained(folder).save_pretrained(tmp_path / "b", max_shard_size="20KB")
    AutoTokenizer.from_pretrained(tiny_gpt2).save_pretrained(tmp_path / "b")
    assert len(list((tmp_path / "b").glob("*.safetensors"))) > 1
    same_logits(tmp_path / "b", masked=False)


def test_a_head_of_its_own_is_not_taken_for_the_embeddings_it_is_said_to_be_tied_to(
    tiny_gpt2: Path, tmp_path: Path
) -> None:
    folder = saved("llama", tmp_path / "a", tiny_gpt2, masked=False, tie_word_embeddings=False)
    config = (folder / "config.json").read_text()
    assert '"tie_word_embeddings": false' in config
    (folder / "config.json").write_text(config.replace('"tie_word_embeddings": false', '"tie_word_embeddings": true'))
    same_logits(folder, masked=False)
    lm = language_model(load(str(folder), device="cpu"))
    assert not torch.equal(lm.net.lm_head.weight, lm.model.net.embed_tokens.weight)


# ---- refusals --------------------------------------------------------------------------------------------------------


def refused(folder: Path, said: str, **asked: Any) -> None:
    model = load(str(folder), device="cpu", **asked)
    with pytest.raises(StrataError, match=said) as caught:
        language_model(model)
    assert caught.value.code == "E-HEAD"
    assert "no head to measure with" in caught.value.what
    assert "Choose a checkpoint" in caught.value.fix


def test_hidden_states_alone_are_no_language_model(tiny_bert: Path, tiny_t5: Path) -> None:
    refused(tiny_bert, "names BertModel: hidden states")
    refused(tiny_t5, "T5")  # only its encoder is read


def test_random_weights_predict_nothing(tiny_gpt2: Path) -> None:
    refused(tiny_gpt2, "random head predicts nothing", random_init=0)


def test_a_head_that_the_files_lack(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = saved("llama", tmp_path / "whole", tiny_gpt2, masked=False, tie_word_embeddings=False)
    whole = AutoModelForCausalLM.from_pretrained(folder)
    shutil.copytree(folder, tmp_path / "bare")
    (tmp_path / "bare" / "model.safetensors").unlink()
    config = (tmp_path / "bare" / "config.json").read_text()
    whole.model.save_pretrained(tmp_path / "bare")
    (tmp_path / "bare" / "config.json").write_text(config)
    refused(tmp_path / "bare", r"lack 1 weights of the head \(lm_head.weight\)")


def test_a_masked_model_whose_tokenizer_masks_nothing(tiny_bert: Path, tiny_gpt2: Path, tmp_path: Path) -> None:
    refused(saved("bert", tmp_path / "bert", tiny_gpt2, masked=True), "no token to mask others with")


def test_a_folder_that_moved_since_it_was_loaded(tiny_gpt2: Path, tmp_path: Path) -> None:
    folder = tmp_path / "moved"
    shutil.copytree(tiny_gpt2, folder)
    model = load(str(folder), device="cpu")
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config + "\n")
    with pytest.raises(StrataError):
        language_model(load(str(folder), device="cpu", revision=model.revision))


@pytest.mark.parametrize(
    ("names", "task"),
    [
        (["LlamaForCausalLM"], "next"),
        (["GPT2LMHeadModel"], "next"),
        (["BertForMaskedLM"], "masked"),
        (["BertForPreTraining"], "masked"),
        (["BertModel"], None),
        (["T5ForConditionalGeneration"], None),
        ([], None),
        (None, None),
        ("ForCausalLM", None),
        ([7], None),
    ],
)
def test_what_a_checkpoint_predicts_is_read_from_its_class(names: Any, task: str | None) -> None:
    assert task_of(names) == task


def test_whether_a_model_predicts_is_known_without_loading_it(
    tiny_bert: Path, tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert predicts(str(tiny_gpt2))
    assert not predicts(str(tiny_bert))
    for unknown in ("minilm", "owner/model", str(tmp_path / "nowhere"), "\0"):
        assert predicts(unknown)  # nothing of it is here: only asking tells
    for i, text in enumerate(("[1]", "{", "null", "\xff")):
        (tmp_path / f"m{i}").mkdir()
        (tmp_path / f"m{i}" / "config.json").write_bytes(text.encode("latin-1"))
        assert predicts(str(tmp_path / f"m{i}"))


@pytest.mark.weights
def test_smollm2_predicts_code_better_than_shuffled_code(real: Any) -> None:
    lm = language_model(load(real("smollm2"), device="cpu"))
    code = "def maximum(values):\n    best = values[0]\n    for value in values:\n        if value > best:\n"
    loss = []
    for text in (code, " ".join(sorted(code.split(), key=len))):
        encoded = lm.model.encode([text])
        with torch.inference_mode():
            logits = lm.logits(encoded)[0]
        loss.append(float(torch.nn.functional.cross_entropy(logits[:-1], encoded.ids[0, 1:])))
    assert loss[0] < 2.5 < loss[1]
