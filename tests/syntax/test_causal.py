"""A planted direction that the output hangs on, one it does not, and what is asked of a run, a model and a corpus."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
from headed import hooks
from pydantic import ValidationError
from small_run import folder_of, spec_of, studied

from probes import store
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import LanguageModel, language_model, load
from probes.syntax import look, use
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.causal import CODE, ENGLISH, EQUAL_RANK, EQUAL_VARIANCE, KEEP, OURS, REMOVE, CausalResult, CausalSpec
from probes.syntax.use import Texts, changes, measured

FILLERS, PLUS, MINUS = "0123456789!?", "+", "-"
"""Letters that are one token each, whatever stands beside them."""
RUN = "0" * 32
WIDTH = 16


# ---- planted ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def planted(tiny_llama: Path) -> LanguageModel:
    """A model of which only direction 0 says what comes next: PLUS or MINUS after each filler."""
    model = load(str(tiny_llama), device="cpu")
    lm = language_model(model)
    draw = torch.Generator().manual_seed(0)
    words = lm.net.model.embed_tokens.weight
    words.copy_(torch.randn(words.shape, generator=draw))
    words[:, 0] = 0
    ids = [model.tokenizer.convert_tokens_to_ids(letter) for letter in (*FILLERS, PLUS, MINUS)]
    for i in range(len(FILLERS)):
        words[ids[i], 0] = 1.5 if i % 2 else -1.5
    lm.net.lm_head.weight.zero_()
    lm.net.lm_head.weight[ids[-2], 0] = 20
    lm.net.lm_head.weight[ids[-1], 0] = -20
    for block in model.sites.blocks:  # which add nothing
        block.self_attn.o_proj.weight.zero_()
        block.mlp.down_proj.weight.zero_()
    model.sites.norm.weight.fill_(1)  # type: ignore[union-attr, operator]
    return lm


def planted_texts(name: str, seed: int, n: int = 24) -> Texts:
    draw = np.random.default_rng(seed)

    def text() -> str:
        at = draw.integers(0, len(FILLERS), size=int(draw.integers(6, 20)))
        return "".join(FILLERS[i] + (PLUS if i % 2 else MINUS) for i in at)

    some = [text() for _ in range(2 * n)]
    return Texts(name, tuple(some[:n]), tuple(map(str, range(n))), tuple(some[n:]))


def asked(**other: Any) -> CausalSpec:
    return CausalSpec(run=RUN, **{"draws": 6, "texts": 24, **other})


def answered(lm: LanguageModel, basis: np.ndarray, layer: str = "1") -> CausalResult:
    spec = asked()
    found = [
        measured(spec, lm, planted_texts(kind, i), {layer: basis}, Progress()) for i, kind in enumerate((CODE, ENGLISH))
    ]
    table = changes(found, [layer], spec)
    base = {one.texts.name: float(one.base.mean()) for one in found}
    source: Any = None
    return CausalResult(
        table, pd.DataFrame(), use.table(found), base, layer, basis.shape[1], 2, 6, "next", {}, {}, source
    )


@pytest.mark.parametrize("layer", ["0", "1", "2", "2 + norm"])
def test_removing_the_one_direction_the_output_hangs_on_hurts_and_random_ones_do_not(
    layer: str, planted: LanguageModel
) -> None:
    found = answered(planted, np.eye(WIDTH)[:, :1], layer)
    ours, rank, variance = (found.row(CODE, layer, name) for name in (OURS, EQUAL_RANK, EQUAL_VARIANCE))
    assert ours.change > 2
    assert rank.change < 0.3 * ours.change
    assert variance.share == pytest.approx(ours.share, rel=0.02)
    assert rank.above == pytest.approx(ours.change - rank.change)
    assert found.used(layer)
    assert "significantly more than both, so the model uses them" in found.headline()
    assert "not significantly" not in found.headline()
    assert f"by {ours.change:.2f} from {found.base[CODE]:.2f} nats" in found.headline()
    # the reverse: that direction is all it takes, and no random one does
    kept, random = (found.row(CODE, layer, name, KEEP) for name in (OURS, EQUAL_RANK))
    assert kept.change < 0.5
    assert random.change > kept.change
    assert kept.change < 0.2 * random.change


def test_a_direction_the_output_does_not_hang_on_is_not_said_to_be_used(planted: LanguageModel) -> None:
    found = answered(planted, np.eye(WIDTH)[:, 3:4])
    assert abs(found.row(CODE, "1", OURS).change) < 0.5
    assert not found.used("1")
    assert "not significantly more than both, so this does not show that the model uses them" in found.headline()


def test_one_control_alone_is_not_enough(planted: LanguageModel) -> None:
    found = answered(planted, np.eye(WIDTH)[:, :1])
    for name in (EQUAL_RANK, EQUAL_VARIANCE):
        table = found.changes.copy()
        table.loc[table.subspace == name, ["above", "above_low"]] = -0.1
        assert not replace(found, changes=table).used("1")


def test_removing_nothing_and_everything(planted: LanguageModel) -> None:
    found = answered(planted, np.zeros((WIDTH, 0)))
    assert (found.changes[found.changes.edit == REMOVE].change == 0).all()
    whole = answered(planted, np.eye(WIDTH))
    gone = whole.changes[whole.changes.edit == REMOVE]
    assert np.allclose(gone.change, gone.change.iloc[0], atol=1e-3) or gone.text.nunique() > 1
    assert (whole.changes[whole.changes.edit == KEEP].change.abs() < 1e-4).all()
    assert (gone.above.dropna().abs() < 1e-3).all()  # every subspace of that rank is the same


def test_hooks_are_gone_after_a_run_that_was_stopped(planted: LanguageModel) -> None:
    class Stop(Progress):
        def report(self, done: float, total: float, note: str = "") -> None:
            if done > 0.3 * total:
                raise KeyboardInterrupt

    before = hooks(planted.model)
    with pytest.raises(KeyboardInterrupt):
        measured(asked(), planted, planted_texts(CODE, 0), {"1": np.eye(WIDTH)[:, :1]}, Stop())
    assert hooks(planted.model) == before


# ---- the question ----------------------------------------------------------------------------------------------------


class Run(NamedTuple):
    spec: SyntaxSpec
    result: SyntaxResult


@pytest.fixture(scope="module")
def trained(tiny_gpt2: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    corpus = folder_of(tmp_path_factory.mktemp("code"))
    spec = spec_of(tiny_gpt2, corpus, control=False, random_init=False, controls=False, dimensions=False)
    return Run(spec, studied(spec, tmp_path_factory.mktemp("home")))


Ask = Callable[..., CausalResult]


@pytest.fixture
def ask(trained: Run, strata_home: Path) -> Ask:
    store.save(trained.spec, trained.result, 1.0)
    look.trained.cache_clear()

    def done(**other: Any) -> CausalResult:
        given = {"run": trained.spec.digest, "texts": 6, "draws": 2, **other}
        return use.use(CausalSpec(**given), Progress())

    return done


def test_a_run_is_answered_at_the_layers_asked_for(ask: Ask, trained: Run) -> None:
    found = ask(layers="2, 0", rank=3)
    assert found.changes.layer.unique().tolist() == ["0", "2"]
    assert len(found.changes) == 2 * 2 * 2 * 3  # kinds, layers, edits, subspaces
    assert found.rank == 3
    assert found.best == (trained.result.best if trained.result.best in ("0", "2") else "0")
    assert np.isfinite(found.changes[["loss", "change", "low", "high", "share"]]).all().all()
    assert found.changes[found.changes.subspace == OURS].above.isna().all()
    assert found.changes[found.changes.subspace != OURS].above.notna().all()
    assert found.sizes == {CODE: 6, ENGLISH: 6}
    means = found.losses.groupby(["text", "layer", "edit", "subspace"]).loss.mean()
    for row in found.changes.itertuples():
        assert row.loss == pytest.approx(means[row.text, row.layer, row.edit, row.subspace])
        assert row.change == pytest.approx(row.loss - found.base[row.text])
    tested = set(trained.result.snippets.origin)
    assert set(found.losses[found.losses.text == CODE].origin) <= tested  # code no probe was trained on


def test_best_is_the_runs_own_and_the_reverse_can_be_left_out(ask: Ask, trained: Run) -> None:
    found = ask(keep=False)
    assert found.best == trained.result.best
    assert set(found.changes.edit) == {REMOVE}
    assert found.rank == trained.spec.rank


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "layer": ({"layers": "1, 9"}, "E-LAYER-UNKNOWN", "no layer '9'"),
    "no layer": ({"layers": " , "}, "E-LAYER-UNKNOWN", "No layer was named"),
    "rank": ({"rank": 9}, "E-RANK", "has 8 dimensions; 9 cannot be removed"),
    "run": ({"run": RUN}, "E-RUN-UNKNOWN", "no syntax run"),
    "english": ({"english": "nowhere"}, "E-CORPUS-UNKNOWN", "no corpus 'nowhere'"),
    "another library": ({"english": "python-stdlib@2.7"}, "E-CORPUS-MOVED", "not the library of this interpreter"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_asked_is_refused_in_words(name: str, ask: Ask) -> None:
    given, code, said = REFUSED[name]
    with pytest.raises(StrataError, match=said) as caught:
        ask(**given)
    assert caught.value.code == code


def test_too_little_english_is_refused(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("text\nOne sentence of English stands here.\nx\n")
    with pytest.raises(StrataError, match="1 English texts to measure on and 0 others") as caught:
        ask(english=f"table:{tmp_path / 'one.csv'}?text=text")
    assert caught.value.code == "E-CORPUS-SMALL"


def test_a_model_without_a_head_is_refused(
    tiny_bert: Path, tmp_path: Path, strata_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = spec_of(tiny_bert, folder_of(tmp_path / "code"), control=False, random_init=False, controls=False)
    store.save(spec, studied(spec, strata_home), 1.0)
    look.trained.cache_clear()
    with pytest.raises(StrataError, match="no head to measure with.*BertModel") as caught:
        use.use(CausalSpec(run=spec.digest), Progress())
    assert caught.value.code == "E-HEAD"


def test_a_question_is_bounded() -> None:
    for wrong in ({"run": "../x"}, {"texts": 1}, {"draws": 0}, {"rank": 0}):
        with pytest.raises(ValidationError):
            CausalSpec(**{"run": RUN, **wrong})
    assert CausalSpec(run=RUN).pinned().english.startswith("python-stdlib@")
    assert CausalSpec(run=RUN).pinned().unpinned() == CausalSpec(run=RUN)
