"""The run behind `CausalSpec`: texts, moments, and one reading of all texts for each layer, edit and subspace."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from probes import store
from probes.contract import Progress
from probes.corpora.docstrings import english
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.extract.losses import SHORTEST, losses, moments
from probes.models import LanguageModel, language_model
from probes.models.edits import EditAt, editor
from probes.models.provenance import source_of
from probes.stats import bootstrap
from probes.subspaces import Moments, of_equal_rank, of_equal_variance
from probes.syntax import look
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.causal import (
    CODE,
    ENGLISH,
    EQUAL_RANK,
    EQUAL_VARIANCE,
    KEEP,
    OURS,
    REMOVE,
    CausalResult,
    CausalSpec,
)
from probes.syntax.dataset import Snippet
from probes.syntax.downstream import downstream
from probes.syntax.study import snippets
from probes.syntax.subspace import syntactic

TOO_SHORT = f"English text under {SHORTEST} sub-tokens"
TOO_LONG = "English text beyond the model's context"


@dataclass(frozen=True)
class Texts:
    """One kind of text: what the loss is measured on, and what gives the moments of the states."""

    name: str
    measured: tuple[str, ...]
    origins: tuple[str, ...]
    fitted: tuple[str, ...]
    pieces: tuple[Snippet, ...] = ()
    """Of code, the functions that the loss is measured on."""


@dataclass(frozen=True)
class Found:
    """Losses of one kind of text: as the model is, and by layer, edit and subspace [draw, text]; and the shares."""

    texts: Texts
    base: np.ndarray
    edited: dict[tuple[str, str, str], np.ndarray]
    shares: dict[tuple[str, str], float]
    removals: dict[tuple[str, str], list[EditAt]]
    """What removes each draw of a subspace, by layer and subspace."""


def use(spec: CausalSpec, progress: Progress) -> CausalResult:
    """Answer a CausalSpec; refuses a model without a head, layers the run lacks and a rank above its own."""
    asked, run = look.trained(spec.run, store.home())
    layers, rank = layers_of(spec, run), rank_of(spec, run)
    progress.report(0, 1, "loading the model")
    lm = language_model(look.same_model(asked, run))
    left_out: Counter[str] = Counter()
    kinds = (code_of(spec, asked, lm, progress.step(0, 0.1)), english_of(spec, lm, left_out))
    bases = {layer: syntactic(run, run.layers.index(layer), rank) for layer in layers}
    found = [
        measured(spec, lm, kind, bases, progress.step(0.1 + 0.4 * i, 0.5 + 0.4 * i)) for i, kind in enumerate(kinds)
    ]
    best = run.best if run.best in layers else layers[0]
    every = [text for kind in kinds for text in (*kind.measured, *kind.fitted)]
    about = f"{asked.corpus} ({asked.language}) and English of {spec.english}"
    return CausalResult(
        changes=changes(found, layers, spec),
        downstream=downstream(lm, run, kinds[0].pieces, found[0].removals, progress.step(0.9, 1)),
        losses=table(found),
        base={one.texts.name: float(one.base.mean()) for one in found},
        best=best,
        rank=rank,
        depth=run.depth,
        draws=spec.draws,
        task=lm.task,
        sizes={one.texts.name: len(one.base) for one in found},
        left_out=dict(left_out),
        source=source_of(
            lm.model,
            corpus=about,
            texts=every,
            seed=spec.seed,
            notes=said(spec, kinds),
            also=[LANGUAGES[asked.language].wheel],
        ),
    )


def layers_of(spec: CausalSpec, run: SyntaxResult) -> list[str]:
    """Return the layers asked for, in the model's order; raises StrataError E-LAYER-UNKNOWN with the choices."""
    wanted = {run.best if part.strip() == "best" else part.strip() for part in spec.layers.split(",") if part.strip()}
    unknown = sorted(wanted - set(run.layers))
    if unknown or not wanted:
        what = f"This run has no layer '{unknown[0][:40]}'." if unknown else "No layer was named."
        raise StrataError("E-LAYER-UNKNOWN", what, fix=f"Choose best, or some of {', '.join(run.layers)}.")
    return [layer for layer in run.layers if layer in wanted]


def rank_of(spec: CausalSpec, run: SyntaxResult) -> int:
    """Return how many dimensions are removed; raises StrataError E-RANK when the run has fewer."""
    most = int(run.basis.shape[2])
    if spec.rank is not None and spec.rank > most:
        what = f"The run's subspace has {most} dimensions; {spec.rank} cannot be removed."
        raise StrataError("E-RANK", what, fix=f"Choose at most {most}, or train a probe of that rank.")
    return spec.rank or most


def code_of(spec: CausalSpec, asked: SyntaxSpec, lm: LanguageModel, progress: Progress) -> Texts:
    """Return the run's test functions, and training functions for the moments."""
    data = snippets(asked, lm.model, progress)
    own = [piece for piece in data.test if long_enough(lm, [piece.text])[0]][: spec.texts]
    fitted = [piece.text for piece in data.train if long_enough(lm, [piece.text])[0]][: spec.texts]
    return enough(Texts(CODE, tuple(s.text for s in own), tuple(s.origin for s in own), tuple(fitted), tuple(own)))


def english_of(spec: CausalSpec, lm: LanguageModel, left_out: Counter[str]) -> Texts:
    """Return English texts that fit the model, the first of them for the loss, the next ones for the moments."""

    def fitting() -> Iterator[tuple[str, str]]:
        for text in english(spec.english, seed=spec.seed, skipped=left_out):
            n = int(lm.model.lengths([text.text])[0])
            if n > lm.model.context:
                left_out[TOO_LONG] += 1
            elif not long_enough(lm, [text.text])[0]:
                left_out[TOO_SHORT] += 1
            else:
                yield text.text, text.origin

    some = list(islice(fitting(), 2 * spec.texts))
    half = (len(some) + 1) // 2
    own, rest = some[:half], some[half:]
    return enough(Texts(ENGLISH, tuple(t for t, _ in own), tuple(o for _, o in own), tuple(t for t, _ in rest)))


def long_enough(lm: LanguageModel, texts: Sequence[str]) -> np.ndarray:
    """Say of each text whether something can be predicted in it; the tokens that are added to every text aside."""
    added = int(lm.model.tokenizer.num_special_tokens_to_add())
    return lm.model.lengths(texts) - added >= SHORTEST


def enough(texts: Texts) -> Texts:
    """Refuse (E-CORPUS-SMALL) fewer than two texts on either side."""
    if min(len(texts.measured), len(texts.fitted)) < 2:
        raise StrataError(
            "E-CORPUS-SMALL",
            f"There are {len(texts.measured)} {texts.name} texts to measure on and {len(texts.fitted)} others.",
            "It takes two of each at least.",
            "Point at a larger corpus.",
        )
    return texts


def measured(
    spec: CausalSpec, lm: LanguageModel, texts: Texts, bases: dict[str, np.ndarray], progress: Progress
) -> Found:
    """Read one kind of text under every layer, edit and subspace."""
    stats = moments(lm, texts.fitted, list(bases), seed=spec.seed, progress=progress.step(0, 0.05))
    base = losses(lm, texts.measured, seed=spec.seed, progress=progress.step(0.05, 0.1))
    sets = {(layer, name): some for layer, basis in bases.items() for name, some in _sets(spec, stats[layer], basis)}
    edits = (REMOVE, KEEP) if spec.keep else (REMOVE,)
    total, done = len(edits) * sum(map(len, sets.values())), 0
    edited: dict[tuple[str, str, str], np.ndarray] = {}
    for (layer, name), some in sets.items():
        for edit in edits:
            rows = []
            for basis in some:
                at = editor(basis, stats[layer].mean, keep=edit == KEEP)
                part = progress.step(0.1 + 0.9 * done / total, 0.1 + 0.9 * (done + 1) / total)
                rows.append(losses(lm, texts.measured, edit=(layer, at), seed=spec.seed, progress=part))
                done += 1
            edited[layer, edit, name] = np.stack(rows)
    shares = {key: float(np.mean([stats[key[0]].share(basis) for basis in some])) for key, some in sets.items()}
    removals = {
        (layer, name): [editor(basis, stats[layer].mean, keep=False) for basis in some]
        for (layer, name), some in sets.items()
    }
    return Found(texts, base, edited, shares, removals)


def _sets(spec: CausalSpec, stats: Moments, basis: np.ndarray) -> Iterable[tuple[str, list[np.ndarray]]]:
    """Return the subspaces by name: the syntactic one, and as many draws of each control as were asked for."""
    rank, share = basis.shape[1], stats.share(basis)
    drawn: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
        EQUAL_RANK: lambda draw: of_equal_rank(stats, rank, draw),
        EQUAL_VARIANCE: lambda draw: of_equal_variance(stats, rank, share, draw),
    }
    yield OURS, [basis]
    for i, (name, make) in enumerate(drawn.items()):
        yield name, [make(np.random.default_rng([spec.seed, i, n])) for n in range(spec.draws)]


def changes(found: Sequence[Found], layers: Sequence[str], spec: CausalSpec) -> pd.DataFrame:
    """Return one row a kind of text, layer, edit and subspace, with intervals over texts and draws."""
    rows = []
    for one in found:
        for (layer, edit, name), values in one.edited.items():
            change = bootstrap(values - one.base, seed=spec.seed)
            above = np.full(3, np.nan)
            if name != OURS:
                above = bootstrap(one.edited[layer, edit, OURS] - values, seed=spec.seed)
            where = (one.texts.name, layers.index(layer), layer, edit, name, one.shares[layer, name])
            rows.append((*where, float(values.mean()), *change.tolist(), *above.tolist()))
    names = ["text", "order", "layer", "edit", "subspace", "share", "loss", "change", "low", "high"]
    return pd.DataFrame(rows, columns=[*names, "above", "above_low", "above_high"])


def table(found: Sequence[Found]) -> pd.DataFrame:
    """Return one row a text, layer, edit and subspace; of several draws the mean."""
    rows = []
    for one in found:
        for (layer, edit, name), values in one.edited.items():
            for origin, base, loss in zip(one.texts.origins, one.base, values.mean(0), strict=True):
                rows.append((one.texts.name, origin, layer, edit, name, float(base), float(loss)))
    return pd.DataFrame(rows, columns=["text", "origin", "layer", "edit", "subspace", "base", "loss"])


def said(spec: CausalSpec, kinds: Sequence[Texts]) -> tuple[str, ...]:
    """Say where a corpus fell short of what was asked."""
    short = [kind for kind in kinds if len(kind.measured) < spec.texts]
    return tuple(f"There were {len(k.measured)} {k.name} texts of the {spec.texts} asked for." for k in short)
