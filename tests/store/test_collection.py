import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from probes import store
from probes.errors import StrataError
from probes.store import collection

A, B = "a" * 32, "b" * 32


def test_what_is_gathered_is_kept_in_order_and_once(strata_home: Path) -> None:
    assert store.collected() == store.Collection("Paper bundle", ())
    for digest, figure in ((B, "f1_by_layer"), (A, "snippet"), (B, "f1_by_layer"), (B, "recall")):
        store.collect(digest, figure)
    assert store.collected().items == ((B, "f1_by_layer"), (A, "snippet"), (B, "recall"))
    store.entitle("  My paper ")
    store.drop(A, "snippet")
    store.drop(A, "never in it")
    assert store.collected() == store.Collection("My paper", ((B, "f1_by_layer"), (B, "recall")))
    assert not list(strata_home.glob(".part-*"))
    assert store.empty() == store.collected() == store.Collection()


def test_a_title_is_never_empty_and_never_endless() -> None:
    assert store.entitle(" ").title == "Paper bundle"
    assert len(store.entitle("x" * 1_000).title) == 200
    hostile = '<script>"\ud800\x00'
    assert store.entitle(hostile).title == store.collected().title == hostile


@pytest.mark.parametrize(
    ("digest", "figure"), [("../x", "f"), (A.upper(), "f"), (A, "../f"), (A, ""), (A, "F"), (A, "a" * 65), ("", "f")]
)
def test_what_can_be_no_figure_of_a_run_is_refused(digest: str, figure: str) -> None:
    with pytest.raises(StrataError, match="is no figure of a run") as refusal:
        store.collect(digest, figure)
    assert refusal.value.code == "E-BUNDLE"
    assert store.collected().items == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"title": "x"}',
        json.dumps({"title": "x", "items": [{"digest": "../../etc", "figure": "f"}]}),
        json.dumps({"title": "x", "items": [{"digest": A, "figure": f"f{i}"} for i in range(201)]}),
        json.dumps({"title": "x" * 201, "items": []}),
    ],
)
def test_a_damaged_file_is_set_aside_and_nothing_was_gathered(strata_home: Path, text: str) -> None:
    strata_home.mkdir(parents=True)
    (strata_home / "bundle.json").write_text(text)
    assert store.collected() == store.Collection()
    assert not (strata_home / "bundle.json").exists()
    assert len(list((strata_home / "set-aside").iterdir())) == 1
    assert store.collect(A, "f").items == ((A, "f"),)


def test_a_bundle_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "MOST", 2)
    store.collect(A, "f")
    store.collect(A, "g")
    with pytest.raises(StrataError, match="2 figures at most") as refusal:
        store.collect(A, "h")
    assert refusal.value.code == "E-BUNDLE"
    assert len(store.collected().items) == 2


def test_many_at_once_lose_nothing() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: store.collect(A, f"f{i}"), range(40)))
    assert {figure for _, figure in store.collected().items} == {f"f{i}" for i in range(40)}


def test_a_store_that_cannot_be_written_says_so(strata_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(collection, "write_file", full)
    with pytest.raises(StrataError) as refusal:
        store.collect(A, "f")
    assert refusal.value.code == "E-STORE-FULL"
    assert store.collected().items == ()
