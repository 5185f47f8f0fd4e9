"""The run behind `SpliceSpec`: the run's codebooks as edits of the model, and one reading of the texts under each."""

import numpy as np
import pandas as pd
import torch

from probes.codebooks import kept, kinds
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.book import Codebook
from probes.codebooks.measures import ratio
from probes.codebooks.names import refuse_trained, wanted
from probes.codebooks.splice import ALL, CODES, INSTEAD, MEAN, ZERO, SpliceResult, SpliceSpec
from probes.codebooks.typed import same_model
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract.divergence import Change, divergences
from probes.extract.losses import SHORTEST
from probes.models import LanguageModel, language_model
from probes.models.edits import EditAt
from probes.models.provenance import source_of
from probes.models.sites import Edit
from probes.stats import bootstrap

NUMBERS = ("loss", "kl", "agree")


def spliced(spec: SpliceSpec, progress: Progress) -> SpliceResult:
    """Answer a SpliceSpec; refuses a model without a head (E-HEAD) and layers the run lacks (E-LAYER-UNKNOWN)."""
    asked, run = kept.fitted(spec.run)
    refuse_trained(asked.method)
    layers = wanted(spec.layers, run.layers)
    progress.report(0, 1, "loading the model")
    lm = language_model(same_model(asked, run))
    origins, texts = texts_of(run, lm, spec.texts, spec.seed)
    books = {layer: book_of(asked, run, layer, lm.model.device) for layer in layers}
    edits: dict[tuple[str, str], dict[str, EditAt]] = {}
    for name in INSTEAD:
        each = {layer: replaced(book, name) for layer, book in books.items()}
        edits |= {(layer, name): {layer: at} for layer, at in each.items()} | {(ALL, name): each}
    base, found = divergences(lm, texts, [*edits.values()], seed=spec.seed, progress=progress.step(0.05, 0.97))
    changes = dict(zip(edits, found, strict=True))
    rows = [
        pd.DataFrame({"layer": layer, "instead": name, "origin": origins, "base": base, **vars(change)})
        for (layer, name), change in changes.items()
    ]
    return SpliceResult(
        damage=_damage((*layers, ALL), changes, base, spec.seed),
        scores=_scores((*layers, ALL), run, changes, base, spec.seed),
        texts=pd.concat(rows, ignore_index=True),
        base=float(base.mean()),
        task=lm.task,
        site=asked.site,
        best=run.best if run.best in layers else layers[0],
        source=source_of(lm.model, corpus=asked.corpus, texts=texts, seed=spec.seed),
    )


def book_of(asked: CodebookSpec, run: CodebookResult, layer: str, device: str) -> Codebook:
    """Return the codebook of a run's layer, on a device."""
    at = run.layers.index(layer)
    return kinds.book_of(asked, run, at).to(device)


def replaced(book: Codebook, instead: str) -> EditAt:
    """Return what puts codes, the run's mean or zero in the place of states, of the places [text, token] to edit."""

    def at(where: torch.Tensor) -> Edit:
        def edit(states: torch.Tensor) -> torch.Tensor:
            there = where.to(states.device)
            rows = states[there]
            if instead == CODES:
                new = book.decode(book.encode(rows))
            else:
                new = book.center.expand_as(rows) if instead == MEAN else torch.zeros_like(rows)
            changed = states.clone()
            changed[there] = new.to(states)
            return changed

        return edit

    return at


def texts_of(run: CodebookResult, lm: LanguageModel, texts: int, seed: int) -> tuple[list[str], list[str]]:
    """Return the origins and the texts that the loss is measured on: held-out ones of the run, in an order drawn."""
    held = np.unique(run.tokens["text"].to_numpy()[run.tokens["held_out"].to_numpy()])
    mine = run.passages.iloc[np.random.default_rng(seed).permutation(held)]
    lengths = lm.model.lengths(mine["content"].tolist())
    mine = mine[(lengths >= SHORTEST + 2) & (lengths <= lm.model.context)].head(texts)
    if len(mine) < 2:
        what = f"The run holds out {len(mine)} texts of {SHORTEST} sub-tokens or more; an interval needs two."
        raise StrataError("E-CORPUS-SMALL", what, fix="Fit the codes with more held-out tokens (--n-test).")
    return mine["origin"].tolist(), mine["content"].tolist()


def _damage(
    layers: tuple[str, ...], changes: dict[tuple[str, str], Change], base: np.ndarray, seed: int
) -> pd.DataFrame:
    rows = []
    for (layer, name), change in changes.items():
        row: dict[str, object] = {"order": layers.index(layer), "layer": layer, "instead": name}
        for number in NUMBERS:
            values = getattr(change, number) - (base if number == "loss" else 0)
            row |= _bounds(number, values, seed)
        rows.append(row)
    return pd.DataFrame(rows).sort_values(["order", "instead"], kind="stable", ignore_index=True)


def _scores(
    layers: tuple[str, ...], run: CodebookResult, changes: dict[tuple[str, str], Change], base: np.ndarray, seed: int
) -> pd.DataFrame:
    explained = run.scores.set_index("layer")["explained"]
    rows = []
    for order, layer in enumerate(layers):
        row: dict[str, object] = {"order": order, "layer": layer, "explained": float(explained.get(layer, np.nan))}
        codes = changes[layer, CODES]
        for name in (MEAN, ZERO):
            other = changes[layer, name]
            row |= _share(f"loss_{name}", other.loss - codes.loss, other.loss - base, seed)
            row |= _share(f"kl_{name}", other.kl - codes.kl, other.kl, seed)
        rows.append(row)
    return pd.DataFrame(rows)


def _share(name: str, top: np.ndarray, bottom: np.ndarray, seed: int) -> dict[str, float]:
    """Return Σtop / Σbottom with its interval; NaN where the ablation makes nothing worse, and no share of it is."""
    values = ratio(top, bottom) if bottom.sum() > 0 else np.full(len(top), np.nan)
    return _bounds(name, values, seed)


def _bounds(name: str, values: np.ndarray, seed: int) -> dict[str, float]:
    value, low, high = bootstrap(values[None], seed=seed).tolist()
    return {name: value, f"{name}_low": low, f"{name}_high": high}
