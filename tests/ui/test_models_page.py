"""The Models page: cold, every list, every verdict, the demo, every refusal, and a text cut into tokens."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from probes import analyses, engine, store
from probes.checkup import ModelSpec, SizeSpec
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.models import catalogue, load, memory, presets
from probes.models.devices import Device
from probes.ui import cutting
from probes.ui import models as room

PAGE = "pages/Models.py"
Open = Callable[..., AppTest]
GIB = 1 << 30
HOSTILE = "<img src=x onerror=alert(1)> **b** :red[r] :material/bolt: $x^2$ [a](javascript:alert(2)) `c`"


def says(at: AppTest) -> str:
    """Everything alerts and captions say, backslashes of the escaping aside."""
    shown = [*at.success, *at.error, *at.warning, *at.info, *at.caption, *at.main.markdown]
    return "\n".join(a.value for a in shown).replace("\\", "").replace("\u2060", "")


def pick(at: AppTest, name: str) -> AppTest:
    box = at.selectbox(key="size_model")
    box.options.append(name)  # typed: this kind of test knows listed options only
    return box.set_value(name).run()


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that gives this machine devices: name and free GiB."""

    def give(**free: float) -> None:
        found = tuple(Device(n.replace("_", ":"), n, int(f * GIB), 1 << 40) for n, f in free.items())
        monkeypatch.setattr(room, "devices", lambda: found)

    return give


@pytest.fixture
def checked(tiny_bert: Path, here: Any, strata_home: Path) -> ModelSpec:
    """A finished self-check of the tiny model in this test's home."""
    spec = ModelSpec(model=str(tiny_bert)).pinned()
    store.save(spec, analyses.find("model").run(spec, Progress()), 1.5)
    return spec


# ---- cold ------------------------------------------------------------------------------------------------------------


def test_cold_page_asks_its_question_and_computes_nothing(
    page: Open, here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ask", lambda *_args, **_more: pytest.fail("the worker was asked"))
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "Which model, and will it run here?"
    assert at.button(key="model_demo").label == "Run the demo"
    assert "Choose a model to see what it takes" in says(at)
    assert not at.get("vega_lite_chart")
    assert here.submitted == []


@pytest.mark.parametrize("run", ["../../etc/passwd", "<script>alert(1)</script>", "A" * 32, "a" * 100_000])
def test_a_hostile_address_gives_a_notice_and_the_default_view(page: Open, run: str) -> None:
    at = page(PAGE, run=run)
    assert not at.exception
    assert "names no run" in says(at)
    assert at.selectbox(key="size_model")


def test_opening_the_page_never_waits_for_a_hub(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 10: offline, no socket is opened to know that the hub cannot be had."""
    import socket

    monkeypatch.setattr(socket, "create_connection", lambda *_args, **_more: pytest.fail("a connection was opened"))
    at = page(PAGE)
    at.segmented_control(key="size_model_list").set_value(room.PAPERS).run()
    assert not at.exception
    assert "Grey: the hub is switched off (HF_HUB_OFFLINE)" in says(at)


# ---- the lists -------------------------------------------------------------------------------------------------------


def test_the_models_that_are_always_there_are_listed(page: Open) -> None:
    at = page(PAGE)
    table = at.dataframe[0].value
    assert table["model"].tolist() == list(catalogue.names())
    assert set(table["now"]) == {room.FETCH}  # this home is empty
    assert "id" not in table


def test_the_models_of_the_papers_are_listed_with_size_licence_and_reason(page: Open, own_cache: Path) -> None:
    folder = own_cache / "models--openai-community--gpt2" / "snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    at = page(PAGE)
    at.segmented_control(key="size_model_list").set_value(room.PAPERS).run()
    assert not at.exception
    table = at.dataframe[0].value.set_index("model")
    assert len(table) == len(presets.presets())
    assert table.loc["CodeBERT", "weights"] == ".bin, converted once"
    assert table.loc["Llama 3.1 8B", "weights"] == "safetensors, gated"
    assert table.loc["GPT-2", "now"] == room.HERE
    assert table.loc["RoBERTa", "now"] == room.NEEDS_HUB
    assert {"parameters", "layers × width", "licence", "for"} <= set(table.columns)


def test_a_chosen_row_is_the_chosen_model() -> None:
    """Selections of a table cannot be made in this kind of test: its callback is called as the browser makes it."""

    def script() -> None:
        from types import SimpleNamespace

        import streamlit as st

        from probes.ui import models

        st.session_state["t"] = SimpleNamespace(selection=SimpleNamespace(rows=[1]))
        models._chosen("t", ["a", "b"], "picked")
        for rows in ([], [7]):
            st.session_state["t"] = SimpleNamespace(selection=SimpleNamespace(rows=rows))
            models._chosen("t", ["a", "b"], "other")

    at = AppTest.from_function(script).run()
    assert not at.exception
    assert at.session_state["picked"] == "b"
    assert "other" not in at.session_state


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


# ---- an answer -------------------------------------------------------------------------------------------------------


def test_a_stored_check_opens_cold_on_its_sentence_badge_and_figure(page: Open, here: Any, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    assert not at.exception
    assert "tiny_bert: 2 layers of 16" in at.html[0].value
    assert any("self-checks passed" in m.value for m in at.main.markdown)
    assert "WordPiece · layers at encoder.layer" in says(at)
    assert "Choose another model" in [e.label for e in at.expander]
    assert here.submitted == []
    checks = next(d.value for d in at.dataframe if "verdict" in d.value)
    assert set(checks["verdict"]) == {"passed"}


def test_a_checked_model_can_be_asked_further(page: Open, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    links = [link for link in at.main.page_link if "model=" in link.proto.query_string]
    assert [link.value for link in links] == ["Syntax"]


def test_typed_text_is_cut(page: Open, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    at.text_area[0].set_value("def total(values):\n    return 1").run()
    assert not at.exception
    assert "31 characters become" in at.html[-1].value
    table = next(d.value for d in at.dataframe if "covers" in d.value)
    assert table["token"].tolist()[:2] == ["[CLS]", "def"]
    assert len(at.get("vega_lite_chart")) == 2


@pytest.mark.parametrize("example", cutting.EXAMPLES)
def test_every_example_is_cut(page: Open, checked: ModelSpec, example: str) -> None:
    at = page(PAGE, run=checked.digest)
    at.selectbox(key="tokens_example").set_value(example).run()
    assert not at.exception
    assert not at.error
    assert "characters become" in at.html[-1].value


@pytest.mark.slow
@pytest.mark.parametrize("language", [cutting.WORDS, *LANGUAGES])
def test_every_alignment_is_made(page: Open, checked: ModelSpec, language: str) -> None:
    at = page(PAGE, run=checked.digest)
    at.selectbox(key="tokens_language").set_value(language).run()
    assert not at.exception
    assert not at.error


@pytest.mark.parametrize("text", [HOSTILE, "\u202egnp \x00 \x1b[31m", "x" * 3000, "\ufeff\r\n\t", "=1+1"])
def test_case_40_hostile_text_is_shown_literally(page: Open, checked: ModelSpec, text: str) -> None:
    at = page(PAGE, run=checked.digest)
    at.text_area[0].set_value(text).run()
    assert not at.exception
    table = next(d.value for d in at.dataframe if "characters" in d.value)
    for name in ("token", "covers", "word"):
        assert not table[name].str.contains("[\u202e\x00\x1b\ufeff]").any()
    assert "<img" not in at.html[-1].value


def test_a_text_that_is_too_long_is_refused_by_its_field(page: Open, checked: ModelSpec) -> None:
    at = page(PAGE, run=checked.digest)
    at.text_area[0].set_value("x" * 100_001).run()
    assert not at.exception
    assert "text: " in says(at)


def test_the_badge_of_a_failed_check_is_red(checked: ModelSpec) -> None:
    def script(digest: str) -> None:
        from dataclasses import replace

        from probes import analyses
        from probes.ui.checks import badge

        found = analyses.result_of(digest)
        badge(replace(found, checks=found.checks.assign(passed=False), passed=0))
        warned = found.checks.assign(passed=lambda t: t.index > 0, warning=lambda t: t.index == 0)
        badge(replace(found, checks=warned, passed=found.asked - 1))

    at = AppTest.from_function(script, kwargs={"digest": checked.digest}).run()
    assert not at.exception
    said = [m.value for m in at.markdown if "self-checks" in m.value]
    assert ":red" in said[0]
    assert "failed" in said[0]
    assert ":orange" in said[1]
