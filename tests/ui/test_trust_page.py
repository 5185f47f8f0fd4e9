"""A person's word on the Models page: code is shown in red and runs at one commit only, a pickle is converted once."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from streamlit.testing.v1 import AppTest

from probes import store
from probes.models import convert, trust
from probes.store import Resident

PAGE = "pages/Models.py"
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    shown = [*at.success, *at.error, *at.warning, *at.caption, *at.main.markdown]
    return "\n".join(a.value for a in shown).replace("\\", "").replace("\u2060", "")


def pick(at: AppTest, name: str) -> AppTest:
    box = at.selectbox(key="size_model")
    box.options.append(name)
    return box.set_value(name).run()


@pytest.fixture
def coded(tiny_bert: Path, tmp_path: Path) -> Path:
    """A model that wants to run its own code, which would leave a canary."""
    folder = tmp_path / "coded"
    shutil.copytree(tiny_bert, folder)
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModel": "modeling_own.Own"}
    (folder / "config.json").write_text(json.dumps(config))
    canary = tmp_path / "canary"
    (folder / "modeling_own.py").write_text(
        f"from pathlib import Path\nPath({str(canary)!r}).touch()\nclass Own: pass\n"
    )
    return folder


@pytest.fixture
def pickle(tiny_bert: Path, tmp_path: Path) -> Path:
    """The tiny model with its weights in a pickle alone."""
    folder = tmp_path / "pickled"
    shutil.copytree(tiny_bert, folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def test_case_6_code_is_shown_in_red_and_has_not_run(page: Open, coded: Path, tmp_path: Path) -> None:
    at = pick(page(PAGE), str(coded))
    assert not at.exception
    said = says(at)
    assert "wants to run its own code" in said
    assert "modeling_own.py, " in said
    assert trust.STATE in said
    assert at.button(key="code_grant").disabled
    assert not (tmp_path / "canary").exists()
    assert trust.grants() == ()


def test_case_7_a_word_is_for_one_state_and_can_be_taken_back(page: Open, coded: Path) -> None:
    at = pick(page(PAGE), str(coded))
    wanted = trust.pending(str(coded))
    assert wanted
    at.checkbox[0].check().run()
    at.button(key="code_grant").click().run()
    assert not at.exception
    assert [(g.repo, g.commit) for g in trust.grants()] == [(wanted.repo, wanted.commit)]
    assert trust.pending(str(coded)) is None
    (coded / "modeling_own.py").write_text("class Own: pass\n")  # another state asks again
    at = pick(page(PAGE), str(coded))
    assert "wants to run its own code" in says(at)
    at.button(key="code_revoke_0").click().run()
    assert not at.exception
    assert trust.grants() == ()


def test_a_model_without_code_or_pickle_asks_nothing(page: Open, tiny_bert: Path) -> None:
    at = pick(page(PAGE), str(tiny_bert))
    assert not at.exception
    assert "own code" not in says(at)
    assert not any(button.key in ("code_grant", "convert", "code_look") for button in at.button)


def test_a_pickle_is_converted_by_one_click_and_says_so(page: Open, pickle: Path) -> None:
    at = pick(page(PAGE), str(pickle))
    assert "Its weights are a pickle alone" in says(at)
    assert convert.find(pickle) is None
    at.button(key="convert").click().run(timeout=120)
    assert not at.exception
    assert "pytorch_model.bin sha256" in says(at)
    assert convert.find(pickle) is not None
    at.run()
    assert "Its weights are a pickle alone" not in says(at)  # once is enough


def test_a_file_that_is_no_checkpoint_is_a_refusal(page: Open, pickle: Path) -> None:
    (pickle / "pytorch_model.bin").write_bytes(b"not a checkpoint")
    at = pick(page(PAGE), str(pickle))
    at.button(key="convert").click().run(timeout=120)
    assert not at.exception
    assert "E-CONVERT" in says(at)


def test_what_is_in_memory_is_listed_literally(page: Open) -> None:
    store.note_residents([Resident("<b>mine", "float32", "cpu", 90_000_000)])
    at = page(PAGE)
    assert not at.exception
    assert any(e.label == "In memory now (1)" for e in at.expander)
    assert "**<b>mine** · float32 on cpu, 86 MiB" in says(at)
    assert r"\<b\>" in "".join(m.value for m in at.main.markdown)
