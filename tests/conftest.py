"""Fixtures for every room: a home of one's own, tiny models built from configs, and real weights fetched once."""

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from tiny import CONTEXT, DEPTH, HEADS, WIDTH, byte_pairs, save, sizes, unigram, word_piece

settings.register_profile("repeatable", derandomize=True, deadline=None)
if os.environ.get("CI") == "true":
    settings.load_profile("repeatable")  # what fails there fails here too; new examples are looked for while working

TOGETHER = ("contracts", "faults")
"""Folders whose tests share answers that are computed once a session, or the processes they kill: each is run in one
process. The browser's files have a server of their own in each process."""
FIRST = ("browser", *TOGETHER)
"""Folders that come before all others: the longest are not to be left for the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders above first, then files with a test marked slow: the same order in every process."""
    ranks: dict[Path, int] = {}
    for item in items:
        folder, slow = item.path.parent.name, item.get_closest_marker("slow") is not None
        rank = FIRST.index(folder) if folder in FIRST else len(FIRST) + (not slow)
        ranks[item.path] = min(ranks.get(item.path, rank), rank)
    items.sort(key=lambda item: ranks[item.path])


def pytest_collection_finish() -> None:
    """Keep the collector from looking through every module again and again: what was imported stays."""
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file, and of the folders above, in one process when `make test` runs two side by side."""
    from xdist.scheduler import LoadScopeScheduling  # on use: a run of one after the other does without

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((folder for folder in TOGETHER if f"/{folder}/" in file), file)

    config.option.loadscopereorder = False  # by number of tests would put the browser's, few and long, in the middle
    return Together(config, log)


@pytest.fixture(autouse=True)
def strata_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty STRATA_HOME and no hub."""
    home = tmp_path / "strata"
    monkeypatch.setenv("STRATA_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("STRATA_HUB", raising=False)
    return home


# ---- tiny models: 2 layers, width 16, 2 heads, random weights under a fixed seed ------------------------------------


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder with absolute positions and norms after each block (WordPiece)."""
    from transformers import BertConfig, BertModel

    tokenizer = word_piece()
    pad = tokenizer.pad_token_id
    config = BertConfig(intermediate_size=32, type_vocab_size=2, pad_token_id=pad, **sizes(tokenizer))
    return save(tmp_path_factory, "tiny_bert", lambda: BertModel(config, add_pooling_layer=False), tokenizer)


@pytest.fixture(scope="session")
def tiny_gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder with absolute positions and a final norm (byte-level BPE, no token added around the text)."""
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = byte_pairs(eos_token="<|endoftext|>")
    sizes = {"vocab_size": len(tokenizer), "n_embd": WIDTH, "n_layer": DEPTH, "n_head": HEADS, "n_positions": CONTEXT}
    config = GPT2Config(bos_token_id=tokenizer.eos_token_id, eos_token_id=tokenizer.eos_token_id, **sizes)
    return save(tmp_path_factory, "tiny_gpt2", lambda: GPT2LMHeadModel(config), tokenizer)


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder with rotary positions, RMS norms and no pad token (byte-level BPE, <s> before the text)."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = byte_pairs(bos_token="<s>", eos_token="</s>")
    config = LlamaConfig(intermediate_size=32, num_key_value_heads=1, pad_token_id=None, **sizes(tokenizer))
    config.bos_token_id, config.eos_token_id = tokenizer.bos_token_id, tokenizer.eos_token_id
    return save(tmp_path_factory, "tiny_llama", lambda: LlamaForCausalLM(config), tokenizer)


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder-decoder with relative positions, of which the encoder is read (Unigram, </s> after the text)."""
    from transformers import T5Config, T5ForConditionalGeneration

    tokenizer = unigram()
    ids = {"pad_token_id": 0, "eos_token_id": tokenizer.eos_token_id, "decoder_start_token_id": 0}
    sizes = {"vocab_size": len(tokenizer), "d_model": WIDTH, "d_kv": WIDTH // HEADS, "d_ff": 32}
    config = T5Config(num_layers=DEPTH, num_decoder_layers=DEPTH, num_heads=HEADS, **sizes, **ids)
    return save(tmp_path_factory, "tiny_t5", lambda: T5ForConditionalGeneration(config), tokenizer)


# ---- real weights: fetched once, shared by every test marked `weights` ----------------------------------------------


@pytest.fixture(scope="session")
def real_home() -> Path:
    """The folder that keeps real weights between runs: STRATA_TEST_CACHE, or `.cache` beside the tests."""
    return Path(os.environ.get("STRATA_TEST_CACHE") or Path(__file__).parents[1] / ".cache")


@pytest.fixture(scope="session")
def _have(real_home: Path) -> Callable[[str], None]:
    reasons: dict[str, str] = {}

    def have(name: str) -> None:
        from probes.errors import StrataError
        from probes.models import fetch

        if name not in reasons:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("STRATA_HOME", str(real_home))
                try:
                    fetch.folder_of(name)
                    reasons[name] = ""
                except StrataError as error:
                    reasons[name] = str(error)
        if reasons[name]:
            pytest.skip(f"real weights of '{name}' cannot be had: {reasons[name]}")

    return have


@pytest.fixture
def real(_have: Callable[[str], None], real_home: Path, strata_home: Path) -> Callable[[str], str]:
    """Return a function that makes a catalogue model loadable by name in this test's home, or skips saying why."""

    def use(name: str) -> str:
        _have(name)
        strata_home.mkdir(parents=True, exist_ok=True)
        if not (strata_home / "models").exists():
            (strata_home / "models").symlink_to(real_home.absolute() / "models", target_is_directory=True)
        return name

    return use


@pytest.fixture
def minilm(real: Callable[[str], str]) -> str:
    """The catalogue name `minilm`, with its real weights at hand."""
    return real("minilm")


@pytest.fixture
def django(real_home: Path, strata_home: Path) -> str:
    """The corpus name `gettext:django`, with its wheel at hand, or a skip that says why."""
    from probes.corpora import packages
    from probes.errors import StrataError

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STRATA_HOME", str(real_home))
        try:
            wheel = packages.fetched(packages.packages()["django"])
        except StrataError as error:
            pytest.skip(f"the wheel of 'gettext:django' cannot be had: {error}")
    (strata_home / "corpora").mkdir(parents=True, exist_ok=True)
    (strata_home / "corpora" / wheel.name).symlink_to(wheel)
    return "gettext:django"
