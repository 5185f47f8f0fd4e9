"""One snippet under a small trained run: its trees, its read-out against the probe's, and code of every odd kind."""

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from small_run import folder_of, spec_of, studied

from probes import corpora, store
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import load
from probes.syntax import evaluate
from probes.syntax import look as room
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.dataset import snippet
from probes.syntax.probe import Probe
from probes.syntax.snippet import SnippetResult, SnippetSpec
from probes.syntax.targets import Inventory
from probes.syntax.tuples import Span, decode, encode

CODE = "def f(a, b):\n    for x in a:\n        print(x, 1)\n    return [a, b]"


class Run(NamedTuple):
    spec: SyntaxSpec
    result: SyntaxResult


@pytest.fixture(scope="module")
def trained(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    corpus = folder_of(tmp_path_factory.mktemp("code"))
    spec = spec_of(tiny_bert, corpus, control=False, random_init=False, epochs=6)
    return Run(spec, studied(spec, tmp_path_factory.mktemp("home")))


@pytest.fixture
def ask(trained: Run, strata_home: Path) -> Callable[..., SnippetResult]:
    store.save(trained.spec, trained.result, 1.0)
    room.trained.cache_clear()

    def asked(code: str, layer: str | None = None) -> SnippetResult:
        return room.look(SnippetSpec(run=trained.spec.digest, code=code, layer=layer), Progress())

    return asked


def spans_in(table: pd.DataFrame) -> list[Span]:
    return [Span(*row) for row in table[["label", "first", "last"]].itertuples(index=False)]


# ---- what is shown ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [None, "0", "2"])
def test_both_trees_are_shown_with_what_they_share(
    layer: str | None, ask: Callable[..., SnippetResult], trained: Run
) -> None:
    found, tree = ask(CODE, layer), encode(CODE, "python")
    gold, guess = (found.nodes[found.nodes.tree == name] for name in ("gold", "predicted"))
    truth = Counter(decode(tree.distances, tree.constituents, tree.unaries))
    assert Counter(spans_in(gold)) == truth
    both = truth & Counter(spans_in(guess))
    for table in (gold, guess):
        assert Counter(spans_in(table[table.agrees])) == both
    assert found.precision == pytest.approx(both.total() / len(guess))
    assert found.recall == pytest.approx(both.total() / len(gold))
    assert found.words.word.tolist() == list(tree.words)
    assert found.layer == (layer or trained.result.best)
    assert f"gives back {both.total()} of the {len(gold)} constituents" in found.headline()
    assert f"F1 {found.f1:.2f}" in found.headline()
    assert found.frame() is found.nodes
    assert np.isfinite(found.words[["x", "y"]]).all().all()
    assert np.isfinite(found.subspace_edges).all().all()


@pytest.mark.parametrize("layer", ["0", "1", "2"])
def test_the_stored_probe_reads_what_the_trained_one_does(layer: str, trained: Run, tiny_bert: Path) -> None:
    rng, plain = np.random.default_rng(0), trained.result
    names = [part.name for part in fields(Probe)]
    drawn = {name: rng.normal(size=getattr(plain, name).shape).astype(np.float32) for name in names}
    drawn["unary_bias"] *= 30  # large enough to decide
    drawn["constituent_bias"] *= 30
    result, index = replace(plain, **drawn), plain.layers.index(layer)
    rows = room.states(load(str(tiny_bert), device="cpu"), snippet(encode(CODE, "python"), "source"), layer)
    probe = Probe(*(torch.from_numpy(drawn[name]) for name in names))
    mapped = (rows - result.center[index]) * result.scale[index]
    states = torch.from_numpy(np.broadcast_to(mapped, (3, *mapped.shape)).copy())
    said = evaluate.spans(
        evaluate.read(probe, states, np.array([len(rows)]))[:, index], Inventory(result.constituents, result.unaries)
    )
    assert room.predict(result, index, rows) == said
    assert np.allclose(room.project(result, index, rows), states[0] @ probe.basis[index], atol=1e-4)


def test_test_functions_score_what_the_run_said(ask: Callable[..., SnippetResult], trained: Run) -> None:
    code_at = {t.origin: t.text for t in corpora.stream(trained.spec.corpus, language="python", seed=0)}
    rows = trained.result.snippets
    for row in rows[(rows.layer == "1") & (rows.series == "trained model")].itertuples():
        assert ask(code_at[row.origin], "1").f1 == pytest.approx(row.f1, abs=1e-6)


def test_words_of_the_subspace_are_in_the_runs_frame(ask: Callable[..., SnippetResult], trained: Run) -> None:
    found, result = ask(CODE, "1"), trained.result
    place = found.words[["x", "y"]].to_numpy()
    piece = snippet(encode(CODE, "python"), "source")
    rows = room.states(load(trained.spec.model, device="cpu"), piece, "1")
    z = (rows - result.center[1]) * result.scale[1] @ result.basis[1]
    assert np.allclose(place, (z - result.origin[1]) @ result.axes[1], atol=1e-4)
    assert found.explained == pytest.approx(tuple(result.explained[1]))
    ends = found.subspace_edges[["x2", "y2"]].to_numpy()
    for word in place:  # every word hangs on one line
        assert (np.abs(ends - word).max(1) < 1e-9).sum() >= 1


# ---- odd code --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "x",
        "def f(x):\r\n\treturn x\r\n",
        "\ufeffx = 1",
        "x = '😀👩‍👩‍👧 é'",
        "שם = 'שלום'  # הערה\n",
        "\tx = 1",
        "x = " + "(" * 100 + "y" + ")" * 100,
        "x = 1  # only a comment follows\n# here\n",
    ],
    ids=["one word", "crlf and tabs", "bom", "emoji", "right to left", "indented", "deep", "comments"],
)
def test_odd_code_has_its_tree(code: str, ask: Callable[..., SnippetResult]) -> None:
    found = ask(code)
    tree = encode(code, "python")
    gold = found.nodes[found.nodes.tree == "gold"]
    assert Counter(spans_in(gold)) == Counter(decode(tree.distances, tree.constituents, tree.unaries))
    assert len(found.words) == len(tree)
    assert 0 <= found.f1 <= 1


REFUSED = {
    "nothing": ("", "E-EMPTY", "no code here"),
    "blanks": (" \n\t\n", "E-EMPTY", "no code here"),
    "a comment": ("# nothing else", "E-EMPTY", "Comments"),
    "a syntax error": ("x = 1\ny = = 2", "E-SYNTAX", "line 2, column"),
    "an unclosed bracket": ("f(", "E-SYNTAX", "line 1"),
    "NUL": ("x = '\0'", "E-TEXT", "Character 6 is NUL"),
    "beyond the context": ("x = y\n" * 400, "E-TEXT-TOO-LONG", "has 1202 sub-tokens; the model has 512 positions"),
    "1,000 deep": ("(" * 1000 + "x" + ")" * 1000, "E-TEXT-TOO-LONG", "2003 sub-tokens"),
    "5,000 deep": ("-" * 5000 + "x", "E-TEXT-TOO-LONG", "sub-tokens"),
    "20,000 lines": ("x = 1\n" * 20_000, "E-TEXT-TOO-LONG", "60002 sub-tokens"),
    "20,000 long lines": ("name = value + 1\n" * 20_000, "E-TOO-LONG-TEXT", "340,000 characters"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_words(name: str, ask: Callable[..., SnippetResult]) -> None:
    code, kind, said = REFUSED[name]
    with pytest.raises(StrataError) as caught:
        ask(code)
    assert caught.value.code == kind
    assert said in str(caught.value)


def test_an_unknown_layer_is_refused_with_the_choices(ask: Callable[..., SnippetResult]) -> None:
    with pytest.raises(StrataError, match="no layer '9'.*Choose one of 0, 1, 2") as caught:
        ask(CODE, "9")
    assert caught.value.code == "E-LAYER-UNKNOWN"


def test_an_unknown_run_and_another_kind_of_run_are_refused(
    ask: Callable[..., SnippetResult], trained: Run, strata_home: Path
) -> None:
    with pytest.raises(StrataError, match="no syntax run '0{32}'") as caught:
        room.look(SnippetSpec(run="0" * 32, code=CODE), Progress())
    assert caught.value.code == "E-RUN-UNKNOWN"
    other = SnippetSpec(run=trained.spec.digest, code=CODE)
    store.save(other, ask(CODE), 1.0)
    with pytest.raises(StrataError, match="Train the probe again"):
        room.look(SnippetSpec(run=other.digest, code=CODE), Progress())
    with pytest.raises(ValidationError):
        SnippetSpec(run="../../etc", code=CODE)


def test_a_run_of_another_version_is_refused_and_left_as_it_is(
    ask: Callable[..., SnippetResult], trained: Run, strata_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = trained.spec.digest
    monkeypatch.setattr(SyntaxSpec, "version", SyntaxSpec.version + 1)
    with pytest.raises(StrataError, match=f"is of version {SyntaxSpec.version - 1}; today's is {SyntaxSpec.version}"):
        room.look(SnippetSpec(run=digest, code=CODE), Progress())
    assert (strata_home / "runs" / digest).is_dir()


def test_a_word_without_tokens_is_refused(ask: Callable[..., SnippetResult], monkeypatch: pytest.MonkeyPatch) -> None:
    real = room.pooled

    def losing(*args: object) -> tuple[dict[str, torch.Tensor], np.ndarray]:
        rows, count = real(*args)  # type: ignore[arg-type]
        return rows, np.where(np.arange(len(count)) == 1, 0, count)

    monkeypatch.setattr(room, "pooled", losing)
    with pytest.raises(StrataError, match="drops the word 'f'") as caught:
        ask(CODE)
    assert caught.value.code == "E-WORD-LOST"


def test_a_prediction_without_any_constituent_is_drawn_too(
    ask: Callable[..., SnippetResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "predict", lambda run, layer, z, chart: [])
    found = ask("x")
    assert found.f1 == 0
    assert set(found.nodes.tree) == {"gold"}
    assert found.nodes.agrees.dtype == bool
    assert {found.nodes[c].dtype.kind for c in ("first", "last", "level", "id")} == {"i"}
    assert {found.edges[c].dtype.kind for c in ("x", "x2")} == {"f"}
    assert "gives back 0 of the" in found.headline()
