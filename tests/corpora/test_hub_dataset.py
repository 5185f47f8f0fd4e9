"""`hub:`: a local copy is read offline; without a network the refusal says what to do; nothing is ever run."""

import gc
import json
import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from probes import corpora
from probes.corpora import hub_dataset, hub_errors
from probes.errors import StrataError

# the library's CSV reader leaves its file to the garbage collector, which is made to come before the next test
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    yield
    gc.collect()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset of two splits, as `hf download` leaves it."""
    root = tmp_path / "sayings"
    (root / "data").mkdir(parents=True)
    table = pa.table({"text": [f"text {i}" for i in range(20)], "topic": ["ab"[i % 2] for i in range(20)]})
    pq.write_table(table, root / "data" / "train-00000-of-00001.parquet")
    pq.write_table(table.slice(0, 3), root / "data" / "test-00000-of-00001.parquet")
    (root / "README.md").write_text("# Sayings\n")
    return root


def refusal(name: str, ask: Any = None, **options: Any) -> StrataError:
    with pytest.raises(StrataError) as caught:
        (ask or (lambda n: list(corpora.stream(n, **options))))(name)
    return caught.value


def test_a_local_copy_is_read_as_the_dataset_it_is(folder: Path) -> None:
    corpus = corpora.load(f"hub:{folder}?label=topic", n=100)
    oracle = pq.read_table(folder / "data" / "train-00000-of-00001.parquet").to_pylist()
    assert sorted(corpus.texts) == sorted(row["text"] for row in oracle)
    wanted = {row["text"]: row["topic"] for row in oracle}
    assert [wanted[text] for text in corpus.texts] == corpus.labels["topic"].tolist()
    assert set(corpora.load(f"hub:{folder}?split=test", n=9).texts) == {"text 0", "text 1", "text 2"}


@pytest.mark.parametrize("form", ["csv", "jsonl", "txt"])
def test_other_formats_of_a_dataset(tmp_path: Path, form: str) -> None:
    text = {"csv": "text\nx\ny\n", "jsonl": '{"text": "x"}\n{"text": "y"}\n', "txt": "x\ny\n"}[form]
    (tmp_path / f"train.{form}").write_text(text)
    assert sorted(corpora.load(f"hub:{tmp_path}", n=9).texts) == ["x", "y"]


def test_the_order_is_the_seeds_and_the_stream_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, again, other = (corpora.load(f"hub:{folder}", n=99, seed=seed).texts for seed in (1, 1, 2))
    assert one == again != other
    monkeypatch.setattr(hub_dataset, "WINDOW", 5)
    origins = [int(t.origin.rpartition(":")[2]) for t in corpora.stream(f"hub:{folder}")]
    assert [sorted(origins[i : i + 5]) for i in range(0, 20, 5)] == [list(range(i + 1, i + 6)) for i in range(0, 20, 5)]


def test_nested_rows_and_functions(tmp_path: Path) -> None:
    rows = [{"meta": {"lang": "Python"}, "code": "def f(x): return x"}, {"meta": {"lang": "Go"}, "code": "x"}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    skipped: Counter[str] = Counter()
    name = f"hub:{tmp_path}?language=meta.lang"
    (found,) = corpora.stream(name, language="python", skipped=skipped)
    assert found.text == "def f(x): return x"
    assert skipped == {"row of another language": 1}


def test_the_number_of_a_class_is_its_name(tmp_path: Path) -> None:
    import datasets

    features = datasets.Features({"text": datasets.Value("string"), "kind": datasets.ClassLabel(names=["no", "yes"])})
    made = datasets.Dataset.from_dict({"text": ["x", "y"], "kind": [1, 0]}, features=features)
    made.to_parquet(tmp_path / "train.parquet")
    labels = corpora.load(f"hub:{tmp_path}?label=kind", n=9).labels.sort_values("origin")
    assert labels["kind"].tolist() == ["yes", "no"]


def test_a_pin_says_everything_and_holds_until_a_file_changes(folder: Path) -> None:
    pinned = corpora.pin(f"hub:{folder}")
    assert pinned.startswith(f"hub:{folder}?text=text&split=train@")
    assert corpora.pin(pinned) == corpora.pin(corpora.unpinned(pinned)) == pinned
    assert len(corpora.load(pinned, n=99)) == 20
    os.utime(folder / "data" / "test-00000-of-00001.parquet", ns=(1, 1))
    assert refusal(pinned).code == "E-CORPUS-MOVED"
    assert corpora.pin(f"hub:{folder}") != pinned


def test_a_preview_of_a_dataset(folder: Path) -> None:
    seen = corpora.preview(f"hub:{folder}", 3)
    assert seen.columns == ("text", "topic")
    assert seen.rows["text"].tolist() == ["text 0", "text 1", "text 2"]
    assert (seen.count, seen.exact, seen.facts) == (20, True, {"split": "train"})
    assert seen.headline() == "sayings: 20 rows, texts of 6 to 7 characters (median 7)."


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [None, corpora.pin, corpora.preview])
def test_offline_says_how_to_bring_a_copy_and_opens_no_socket(ask: Any) -> None:
    error = refusal("hub:owner/name", ask)
    assert (error.code, error.what) == (
        "E-HUB-OFFLINE",
        "The dataset 'owner/name' is on the hub, which cannot be reached.",
    )
    assert "hf download owner/name --repo-type dataset" in error.fix


@pytest.mark.parametrize("name", ["csv", "buckets/x", "owner/name/more", "", "owner/../x", "hf://datasets/a/b"])
def test_what_is_no_dataset_of_the_hub_is_refused_before_it_is_asked(name: str) -> None:
    assert refusal(f"hub:{name}").code in ("E-HUB-NAME", "E-PATH")


def test_a_loading_script_is_refused_and_never_run(tmp_path: Path) -> None:
    """Case 39."""
    canary, root = tmp_path / "canary", tmp_path / "scripted"
    root.mkdir()
    (root / "scripted.py").write_text(f"open({str(canary)!r}, 'w')\n")
    (root / "train.csv").write_text("text\nx\n")
    error = refusal(f"hub:{root}")
    assert error.code == "E-HUB-SCRIPT"
    assert "Parquet" in error.fix
    assert not canary.exists()


def test_pictures_and_archives_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "train.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    error = refusal(f"hub:{tmp_path}")
    assert (error.code, error.why[:16]) == ("E-HUB-FORMAT", "It is read by 'i")


def test_a_parquet_bomb_in_a_dataset_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 37."""
    monkeypatch.setattr("probes.corpora.parquet_file.LARGEST_CHUNK", 10)
    assert refusal(f"hub:{folder}").code == "E-TABLE-LIMIT"


def test_a_missing_folder_split_configuration_and_file(folder: Path, tmp_path: Path) -> None:
    assert refusal(f"hub:{tmp_path}/none").code == "E-CORPUS-FOLDER"
    error = refusal(f"hub:{folder}?split=dev")
    assert (error.code, error.why) == ("E-HUB-SPLIT", "There are: train, test.")
    assert refusal(f"hub:{folder}?config=none").code == "E-HUB-CONFIG"
    (tmp_path / "bare").mkdir()
    assert refusal(f"hub:{tmp_path}/bare").code == "E-CORPUS-EMPTY"


def test_a_broken_file_is_refused_when_it_is_met(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"text": "x"}\n{"text": \n')
    assert refusal(f"hub:{tmp_path}").code == "E-HUB-READ"


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("DatasetNotFoundError", "Dataset 'x' doesn't exist on the Hub or cannot be accessed.", "E-HUB-UNKNOWN"),
        ("DatasetNotFoundError", "Dataset 'x' is a gated dataset on the Hub.", "E-HUB-GATED"),
        ("GatedRepoError", "403", "E-HUB-GATED"),
        ("RevisionNotFoundError", "404", "E-HUB-UNKNOWN"),
        ("ConnectError", "no route", "E-HUB-OFFLINE"),
        ("OfflineModeIsEnabled", "", "E-HUB-OFFLINE"),
        ("ValueError", "Config name is missing. Please pick one among the available configs: a, b", "E-HUB-CONFIG"),
        ("ArrowInvalid", "bad\nfile", "E-HUB-READ"),
    ],
)
def test_every_cause_has_its_own_code(name: str, said: str, code: str) -> None:
    """Case 11, for datasets."""
    kind = type(name, (Exception,), {})
    with pytest.raises(StrataError) as caught, hub_errors.refusing("x"):
        raise kind(said)
    assert caught.value.code == code
    assert "x" in caught.value.what
    assert caught.value.fix


def test_a_commit_of_the_hub_is_the_pin(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The hub is played by a local copy: what is asked of `datasets`, and at which commit."""
    import datasets
    import huggingface_hub

    commit, asked = "0123456789abcdef0123456789abcdef01234567", []

    class Hub:
        def dataset_info(self, repository: str, **_: Any) -> Any:
            return type("Info", (), {"sha": commit})

    def builder(where: str, config: str | None = None, *, revision: str | None = None) -> Any:
        asked.append((where, revision))
        return real(str(folder), config)

    real = datasets.load_dataset_builder
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(datasets, "load_dataset_builder", builder)
    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    pinned = corpora.pin("hub:owner/name?label=topic")
    assert pinned == f"hub:owner/name?text=text&label=topic&split=train@{commit}"
    assert corpora.unpinned(pinned) == "hub:owner/name?text=text&label=topic&split=train"
    assert len(corpora.load(pinned, n=5)) == 5
    assert asked == [("hf://datasets/owner/name", commit)] * 2
