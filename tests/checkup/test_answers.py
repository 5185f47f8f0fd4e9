"""What the three questions answer: numbers that are true of the model, and refusals that say what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from probes import analyses, engine
from probes.checkup import ModelSpec, SizeSpec, TokensSpec
from probes.checkup import model as model_room
from probes.checkup.names import short
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import check, load

TINY = ["tiny_bert", "tiny_gpt2", "tiny_llama", "tiny_t5"]


class Notes(Progress):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def report(self, done: float, total: float, note: str = "") -> None:
        self.heard.append(note)


@pytest.fixture(params=TINY)
def folder(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


# ---- how large -------------------------------------------------------------------------------------------------------


def test_the_size_is_that_of_the_loaded_model(folder: Path) -> None:
    found, model = engine.run(SizeSpec(model=str(folder))), load(str(folder), device="cpu")
    assert (found.parameters, found.depth, found.width) == (model.parameters, model.depth, model.width)
    assert found.context in (model.context, 1 << 20)  # T5's is its tokenizer's
    assert found.shape.layers == model.depth
    assert found.headline().startswith(f"{folder.name} has 0.0 M parameters in 2 layers of 16; in float32 it takes")


def test_the_size_follows_the_work_and_the_precision(tiny_bert: Path) -> None:
    one = engine.run(SizeSpec(model=str(tiny_bert), tokens=100, texts=1))
    many = engine.run(SizeSpec(model=str(tiny_bert), tokens=100, texts=9))
    assert many.tokens == 900
    assert many.gib > one.gib
    half = engine.run(SizeSpec(model=str(tiny_bert), tokens=100, texts=9, dtype="bfloat16"))
    assert half.gib == pytest.approx(many.gib / 2, rel=0.01)
    row = many.needs.set_index("precision").loc["float32"]
    assert row["gib"] == many.gib


def test_weighing_reads_no_weights(tiny_bert: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((tiny_bert / "config.json").read_text())
    found = engine.run(SizeSpec(model=str(tmp_path)))
    assert found.source.weights == "not read"
    assert found.parameters == load(str(tiny_bert), device="cpu").parameters


@pytest.mark.parametrize("name", ["minilm", "meta-llama/Llama-3.1-8B"])
def test_what_is_not_here_is_weighed_without_fetching(name: str, strata_home: Path) -> None:
    found = engine.run(SizeSpec(model=name))
    assert "not on this machine" in found.source.notes[0]
    assert not (strata_home / "models").exists()


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("minlm", "E-MODEL-UNKNOWN"),
        ("./nowhere", "E-MODEL-PATH"),
        ("file:///etc", "E-MODEL-PATH"),
        ("a/b", "E-HUB-OFFLINE"),
    ],
)
def test_a_model_that_cannot_be_found_is_refused(model: str, code: str) -> None:
    with pytest.raises(StrataError) as refused:
        engine.run(SizeSpec(model=model))
    assert refused.value.code == code


# ---- loaded and checked ----------------------------------------------------------------------------------------------


def test_a_loaded_model_is_told_with_its_checks(folder: Path) -> None:
    heard = Notes()
    spec = ModelSpec(model=str(folder))
    found, model = model_room.run(spec, heard), load(str(folder), device="cpu")
    assert heard.heard == ["reading weights", "self-check"]
    assert (found.parameters, found.depth, found.width, found.heads) == (model.parameters, 2, 16, 2)
    assert found.vocabulary == model.net.get_input_embeddings().num_embeddings
    assert found.sites.startswith(model.sites.paths[0])
    assert found.passed == found.asked == len(model.check.rows)
    assert found.sound
    assert found.largest == found.checks["difference"].max()
    assert f"all {found.asked} self-checks pass" in found.headline()


def test_every_measured_check_has_its_limit(folder: Path) -> None:
    checks = model_room.run(ModelSpec(model=str(folder)), Progress()).checks
    measured = checks["name"].str.match("layer |padding |final norm|batch ")
    assert (checks[measured]["limit"] > 0).all()
    assert (checks[measured]["difference"] <= checks[measured]["limit"]).all()
    assert (checks[~measured]["limit"] == 0).all()


def test_a_model_that_is_read_wrongly_is_refused(tiny_bert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = check.Check(
        (check.Row("layer 1", False, "hook against output_hidden_states differ by 3", 3.0, limit=1e-5),)
    )
    model_room.run(ModelSpec(model=str(tiny_bert)), Progress())  # warm from here on: it is checked as it stands now
    monkeypatch.setattr(check, "check", lambda _model: wrong)
    with pytest.raises(StrataError) as refused:
        model_room.run(ModelSpec(model=str(tiny_bert)), Progress())
    assert refused.value.code == "E-SELF-CHECK"
    assert "layer 1" in refused.value.why


def test_a_warning_is_said_and_does_not_condemn() -> None:
    rows = pd.DataFrame({"passed": [True, False], "warning": [False, True], "difference": [0.0, 0.5]})
    found = result(checks=rows, asked=2, passed=1)
    assert found.sound
    assert "1 of 2 self-checks pass" in found.headline()
    assert not result(checks=rows.assign(warning=False), asked=2, passed=1).sound


def result(**changes: Any) -> model_room.ModelResult:
    empty: dict[str, Any] = dict.fromkeys(model_room.ModelResult.__dataclass_fields__, 0)
    names = {"name": "m", "family": "bert", "tokenizer": "", "sites": "", "source": None}
    return model_room.ModelResult(**{**empty, **names, **changes})


def test_a_stored_check_is_asked_again_when_the_files_change(tiny_bert: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(tiny_bert, folder)
    before = ModelSpec(model=str(folder)).pinned()
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"bert"', '"bert" '))
    assert ModelSpec(model=str(folder)).pinned().digest != before.digest


# ---- cut into tokens -------------------------------------------------------------------------------------------------


def cut(folder: Path, text: str, language: str = "") -> Any:
    return engine.run(TokensSpec(model=str(folder), text=text, language=language))


def test_the_counts_are_those_of_the_table(folder: Path) -> None:
    found = cut(folder, "def total(values):\n    return 1")
    assert found.characters == 31
    assert found.count + found.added == len(found.tokens)
    assert found.ratio == 31 / found.count
    assert found.whole == (found.words["tokens"] == 1).sum()
    assert found.headline().startswith(
        f"31 characters become {found.count} tokens ({31 / found.count:.1f} characters a"
    )


def test_an_empty_text_has_only_what_is_added(tiny_bert: Path) -> None:
    found = cut(tiny_bert, "")
    assert (found.count, found.added, found.ratio) == (0, 2, 0.0)
    assert found.headline() == "0 characters become 0 tokens; the tokenizer adds 2."


def test_a_text_longer_than_the_context_is_cut_and_said_to_be(tiny_bert: Path) -> None:
    found = cut(tiny_bert, "value " * 600)
    assert found.count == 600
    assert found.source.notes[-1] == (
        "This text has 602 tokens and the model reads 512: an analysis would leave it out."
    )


def test_unknown_text_is_noted(tiny_bert: Path) -> None:
    assert "2 tokens stand for text that is not in the vocabulary" in cut(tiny_bert, "面 面").source.notes[-1]
    assert "1 token stands for text that is not in the vocabulary" in cut(tiny_bert, "面").source.notes[-1]


def test_a_typed_special_token_is_noted(tiny_llama: Path) -> None:
    assert "1 token of the text has a meaning of its own" in cut(tiny_llama, "a</s>b").source.notes[-1]


def test_dropped_characters_are_noted(tiny_bert: Path) -> None:
    assert "1 character that is not blank is in no token" in cut(tiny_bert, "a\x00b").source.notes[-1]


def test_half_a_letter_is_no_question() -> None:
    with pytest.raises(StrataError, match="unicode") as refused:
        analyses.parse("tokens", {"text": "a\ud800b"})
    assert refused.value.code == "E-SPEC"


def test_an_unknown_language_is_refused(tiny_bert: Path) -> None:
    with pytest.raises(StrataError, match="Did you mean 'python'") as refused:
        cut(tiny_bert, "x", "pyton")
    assert refused.value.code == "E-LANGUAGE-UNKNOWN"


def test_leaves_are_aligned(tiny_gpt2: Path) -> None:
    found = cut(tiny_gpt2, "x = 'a b'", "python")
    assert found.words["text"].tolist() == ["x", "=", "'", "a b", "'"]


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("minilm", ["[CLS]", "return", "un", "##bel", "##ie", "##va", "##bly", "[SEP]"]),
        ("smollm2", ["return", "Ġunbelie", "v", "ably"]),
    ],
)
def test_real_vocabularies(real: Callable[[str], str], name: str, tokens: list[str]) -> None:
    found = engine.run(TokensSpec(model=real(name), text="return unbelievably"))
    assert found.tokens["token"].tolist() == tokens


# ---- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("minilm", "minilm"),
        ("a/b-c", "b-c"),
        ("/models/mine/", "mine"),
        ("~/x", "x"),
        ("/", "/"),
        ("x" * 300, "x" * 59 + "…"),
    ],
)
def test_a_model_has_a_short_name(name: str, wanted: str) -> None:
    assert short(name) == wanted
