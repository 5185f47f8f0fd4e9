"""The Models page's verdict and what comes of it: does it fit, what would help, why it cannot be had, and loading."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from models_page import HOSTILE, PAGE, Open, pick, says

from probes import engine
from probes.checkup import ModelSpec, SizeSpec
from probes.devices import Device
from probes.errors import StrataError
from probes.models import load, memory, presets
from probes.ui import models as room

GIB = 1 << 30


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give each test an empty hub cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that gives this machine devices: name and free GiB."""

    def give(**free: float) -> None:
        found = tuple(Device(n.replace("_", ":"), n, int(f * GIB), 1 << 40) for n, f in free.items())
        monkeypatch.setattr(room, "devices", lambda: found)

    return give


# ---- the verdict -----------------------------------------------------------------------------------------------------


def test_a_model_that_fits_says_so_with_its_numbers(page: Open, places: Any, tiny_bert: Path) -> None:
    places(cpu=2)
    at = pick(page(PAGE), str(tiny_bert))
    assert not at.exception
    assert "It fits: it takes" in says(at).replace("**", "")
    assert "2.0 GiB are free on cpu" in says(at)
    assert "layers × width 2 × 16" in says(at).replace("**", "")
    assert "context 512 tokens" in says(at).replace("**", "")
    table = at.dataframe[-1].value
    assert table["precision"].tolist() == list(memory.BITS)
    assert table["cpu, 2.0 GiB free"].tolist() == ["fits"] * 3 + ["needs a CUDA GPU"] * 2
    assert table[""].tolist() == ["●", "", "", "", ""]


def test_case_12_a_model_that_does_not_fit_names_what_would_help(page: Open, places: Any) -> None:
    places(cuda_0=10, cuda_1=10, cpu=18)
    at = pick(page(PAGE), "meta-llama/Llama-3.1-8B")
    assert not at.exception
    said = says(at)
    assert "It does not fit: it takes 28.8 GiB in float32" in said.replace("**", "")
    assert "10.0 GiB are free on cuda:0" in said
    assert "Quantise it to 8 bits" in said
    assert "Quantise it to 4 bits" in said
    at.selectbox(key="size_dtype").set_value("bfloat16").run()
    said = says(at)
    assert "Load it on cpu: 18.0 GiB are free there." in said
    assert "Spread it over 2 GPUs, device 'all'" in said
    table = at.dataframe[-1].value.set_index("precision")
    assert table.loc["float32", "cuda:0, 10.0 GiB free"].endswith("too much")
    assert table.loc["4bit", "cuda:0, 10.0 GiB free"] == "fits"


def test_every_field_of_the_work_changes_the_verdict(page: Open, places: Any, tiny_bert: Path) -> None:
    places(cpu=2)
    at = pick(page(PAGE), str(tiny_bert))
    before = at.dataframe[-1].value["together"].tolist()
    for field, value in (("tokens", 4096), ("texts", 64), ("layers", 12)):
        at.number_input(key=f"size_{field}").set_value(value).run()
        assert not at.exception
        now = at.dataframe[-1].value["together"].tolist()
        assert now != before
        before = now


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_every_precision_is_judged(page: Open, places: Any, tiny_bert: Path, dtype: str) -> None:
    places(cpu=2)
    at = pick(page(PAGE), str(tiny_bert))
    at.selectbox(key="size_dtype").set_value(dtype).run()
    assert f"in {dtype}, and" in says(at)


@pytest.mark.parametrize(
    ("device", "free"),
    [("auto", "1.0 GiB are free on cuda:0"), ("all", "3.0 GiB are free on all"), ("cuda:1", "2.0 GiB")],
)
def test_the_device_asked_for_is_the_one_that_is_judged(device: str, free: str) -> None:
    there = (Device("cuda:0", "a", GIB, GIB), Device("cuda:1", "b", 2 * GIB, GIB), Device("cpu", "c", 9 * GIB, GIB))
    asked = SizeSpec().model_copy(update={"device": device})
    here, others = room._asked(asked, there)
    assert f"{memory.size(here.free)} are free on {here.name}".startswith(free)
    assert here not in others


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("minlm", "Did you mean 'minilm'?"),
        ("./no-such-folder", "There is no such folder."),
        ("someone/unheard-of", "HF_HUB_OFFLINE"),
        ("file:///etc/passwd", "It is an address"),
        ("//host/share", "another machine's share"),
        ("x" * 3000, "It is too long"),
        ("a\x00b", "control characters"),
        (HOSTILE, HOSTILE[:40]),
        ("\u202egnp", "gnp"),
    ],
    ids=["typo", "path", "offline", "address", "share", "long", "nul", "markup", "bidi"],
)
def test_a_model_that_cannot_be_had_is_a_refusal_on_the_page(page: Open, name: str, code: str) -> None:
    at = pick(page(PAGE), name)
    assert not at.exception
    assert len(at.error) == 1
    assert code in says(at)
    assert "\u202e" not in at.error[0].value
    assert "<img" not in at.error[0].value.replace(r"\<", "")


@pytest.mark.parametrize("failure", ["E-HUB-GATED", "E-HUB-UNKNOWN", "E-HUB-UNREACHABLE"])
def test_case_11_each_failure_of_the_hub_has_its_own_words(
    page: Open, here: Any, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    def refuse(*_args: Any, **_more: Any) -> Any:
        raise StrataError(failure, f"The words of {failure}.", "Why.", "What to do.")

    monkeypatch.setattr(engine, "ask", refuse)
    at = pick(page(PAGE), "someone/model")
    assert not at.exception
    assert f"The words of {failure}." in says(at)
    assert failure in says(at)
    assert here.submitted == []


# ---- loading ---------------------------------------------------------------------------------------------------------


def test_the_demo_is_one_click(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.button(key="model_demo").click().run()
    assert not at.exception
    assert here.submitted == [ModelSpec()]
    assert at.query_params["run"] == [ModelSpec().digest] or at.query_params["run"] == ModelSpec().digest
    assert at.progress[0].text.startswith("Reading code")  # what this engine says of every job


def test_load_and_check_asks_with_the_fields_chosen(page: Open, here: Any, places: Any, tiny_bert: Path) -> None:
    places(cpu=2)
    at = pick(page(PAGE), str(tiny_bert))
    at.selectbox(key="size_dtype").set_value("bfloat16").run()
    at.button(key="model_load").click().run()
    assert not at.exception
    assert here.submitted == [ModelSpec(model=str(tiny_bert), dtype="bfloat16")]


def test_a_preset_that_needs_the_hub_cannot_be_loaded_and_says_why(page: Open, here: Any) -> None:
    at = pick(page(PAGE), "openai-community/gpt2")
    assert not at.exception
    assert at.button(key="model_load").disabled
    assert "It cannot be loaded now: the hub is switched off" in says(at)
    assert "parameters 124.4 M" in says(at).replace("**", "")


def test_a_preset_in_a_pickle_names_the_conversion(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presets, "obstacle", lambda _preset: "")
    at = pick(page(PAGE), "microsoft/codebert-base")
    assert not at.button(key="model_load").disabled
    assert "python -m probes models convert microsoft/codebert-base" in says(at)


def test_a_pickle_that_was_loaded_anyway_is_a_refusal(page: Open, here: Any, tiny_bert: Path, tmp_path: Path) -> None:
    """Case 1: the refusal of the loader is what the page shows."""
    folder = tmp_path / "pickled"
    shutil.copytree(tiny_bert, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(StrataError) as refused:
        load(str(folder))
    at = page(PAGE)
    at.button(key="model_demo").click().run()
    error = {name: getattr(refused.value, name) for name in ("code", "what", "why", "fix")}
    here.says[ModelSpec().digest] = engine.Status("failed", 0.1, "", 1.0, None, error)
    at.run()
    assert not at.exception
    assert "only as a pickle (pytorch_model.bin)" in says(at)
    assert "E-LOAD-PICKLE" in says(at)


def test_loading_can_be_cancelled(page: Open, here: Any) -> None:
    at = page(PAGE)
    at.button(key="model_demo").click().run()
    at.button(key="cancel").click().run()
    assert here.cancelled == [ModelSpec().digest]
