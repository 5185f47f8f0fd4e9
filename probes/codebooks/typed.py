"""The run behind `CodedSpec`: one forward pass, and every token's code in every layer."""

import numpy as np
import pandas as pd
import torch

from probes.codebooks import kept, kinds
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.coded import CodedResult, CodedSpec
from probes.codebooks.dataset import spans_of
from probes.codebooks.fired import SILENT, fired
from probes.codebooks.names import TRAINED
from probes.codebooks.trained.thinking import thinking
from probes.contract import Progress
from probes.errors import StrataError
from probes.extract import pooled
from probes.models import Model, loaded
from probes.models.provenance import source_of

COLUMNS = ["position", "start", "end", "token", "order", "layer", "slot", "code", "word", "bits"]


def typed(spec: CodedSpec, progress: Progress) -> CodedResult:
    """Answer a CodedSpec; refuses a text without a token (E-TEXT-EMPTY) or beyond the model's context."""
    asked, run = kept.fitted(spec.run)
    if spec.book >= run.books:
        what = f"There is no book {spec.book} in this run: it has {run.books}."
        raise StrataError("E-BOOK-UNKNOWN", what, fix=f"Choose 0 to {run.books - 1}." if run.books > 1 else "Choose 0.")
    progress.report(0, 2, "loading the model")
    model = same_model(asked, run)
    model.check_lengths(model.lengths([spec.text]))
    encoded = model.encode([spec.text])
    spans = spans_of(encoded.offsets[0], encoded.special[0])[0 if asked.first_token else 1 :]
    if not len(spans):
        why = "" if asked.first_token else "The first token is left out, as it was in fitting."
        raise StrataError("E-TEXT-EMPTY", "There is no token to code in this text.", why, "Type more.")
    progress.report(1, 2, "coding")
    states, _ = pooled(model, [spec.text], [spans], run.layers)
    parts, explained = [], {}
    for order, layer in enumerate(run.layers):
        codes, explained[layer] = _coded(asked, run, order, states[layer].cpu())
        fires = fired(codes, run.books, run.slots, run.levels[order])[:, spec.book].astype(np.int64)
        parts.append(_rows(spec, run, spans, (order, _first_ones(fires))))
    frame = pd.concat(parts, ignore_index=True)[COLUMNS]
    source = source_of(model, corpus="a typed text", texts=[spec.text], seed=asked.seed)
    return CodedResult(frame, run.layers, spec.book, explained, source)


def same_model(asked: CodebookSpec, run: CodebookResult) -> Model:
    """Return the model a run was about; raises StrataError E-MODEL-MOVED when its weights are others now."""
    model = model_of(asked)
    if model.weights != run.source.weights:
        what = f"'{asked.model}' now has other weights than those this run's codes were fitted to."
        raise StrataError("E-MODEL-MOVED", what, fix="Run the question again, then look.")
    return model


def model_of(asked: CodebookSpec) -> Model:
    """Return the model that is asked about: one that was trained with codebooks has them in place."""
    return thinking(asked).model if asked.method == TRAINED else loaded(asked)


def _coded(asked: CodebookSpec, run: CodebookResult, layer: int, states: torch.Tensor) -> tuple[np.ndarray, float]:
    """Return int64 [token, choice] and the share of the distance to the center that codes explain."""
    book = kinds.book_of(asked, run, layer)
    ids = book.encode(states)
    left = (states - book.decode(ids)).square().sum()
    return ids.numpy(), float(1 - left / (states - book.center).square().sum())


def _rows(spec: CodedSpec, run: CodebookResult, spans: np.ndarray, what: tuple[int, np.ndarray]) -> pd.DataFrame:
    order, fires = what
    position, slot = np.nonzero((fires >= 0) | (np.arange(fires.shape[1]) == 0))
    codes, cut = fires[position, slot], run.sizes[0]
    ids, words = run.fired(order, slice(0, cut))[:, spec.book], run.tokens["token"].to_numpy(object)[:cut]
    count = run.taken[order, spec.book] + 0.5
    names = {n: pd.Series(words[(ids == n).any(1)]).mode().head(1).sum() or "" for n in set(codes.tolist()) - {SILENT}}
    return pd.DataFrame(
        {
            "position": position,
            "start": spans[position, 0],
            "end": spans[position, 1],
            "token": [spec.text[a:b] for a, b in spans[position].tolist()],
            "order": order,
            "layer": run.layers[order],
            "slot": slot,
            "code": codes,
            "word": [str(names.get(code, "")) for code in codes.tolist()],
            "bits": np.where(codes >= 0, -np.log2(count / count.sum())[codes], 0.0),
        }
    )


def _first_ones(fires: np.ndarray) -> np.ndarray:
    """Return [token, slot] with the codes that fire before the slots that have none, in the order they were taken."""
    order = np.argsort(fires < 0, axis=1, kind="stable")
    return np.take_along_axis(fires, order, 1)
