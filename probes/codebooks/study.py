"""The run behind `CodebookSpec`: tokens, states, a codebook a layer, its numbers."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from probes import corpora
from probes.codebooks import cards, encoded, judging, leaves, picking
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.book import Codebook
from probes.codebooks.dataset import Tokens, collect
from probes.codebooks.fired import fired_of
from probes.codebooks.judging import Judged, Question, Sides
from probes.codebooks.kmeans import Options, check
from probes.codebooks.measures import counts
from probes.codebooks.names import ENCODER, TRAINED, wanted
from probes.codebooks.rows import Rows, center_of, rows_of
from probes.codebooks.trained.book import Book
from probes.codebooks.trained.own import own
from probes.codebooks.trained.thinking import thinking
from probes.codebooks.typed import model_of
from probes.contract import Progress
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.extract import extract
from probes.models import Model
from probes.models.encoders import read
from probes.models.provenance import source_of
from probes.stats import bootstrap
from probes.store import States
from probes.values import Source

ORDER = ("order", "layer", "explained", "low", "high")
PASSAGE = ("origin", "language", "content")


Read = Callable[[Rows, Options], Codebook]
"""Makes a codebook that is read, not fitted, of the rows of the fitted side: they have its center."""


@dataclass(frozen=True)
class Shape:
    """What is still asked about a model whose states have been read."""

    layers: tuple[str, ...]
    depth: int
    device: str
    read: dict[str, Read] = field(default_factory=dict)
    """By layer, the codebooks that somebody trained; none where codebooks are fitted."""
    notes: tuple[str, ...] = ()


def study(spec: CodebookSpec, progress: Progress) -> CodebookResult:
    """Answer a CodebookSpec: one extraction, then a codebook and its controls for every layer.

    Refuses more codes a token than there are, where they differ (E-CODES-K).
    """
    if spec.method in ("pursuit", "itda") and spec.books > spec.codes:
        what = f"{spec.books} different ones of {spec.codes} codes cannot be chosen for a token."
        raise StrataError("E-CODES-K", what, fix="Ask for fewer books, or for more codes.")
    progress.report(0, 1, "loading the model")
    model = model_of(spec)
    shape = _shape(spec, model)
    tokens = _tokens(spec, model, progress.step(0.05, 0.1))
    if not shape.read:
        check(spec.codes, tokens.cut)
    texts, also = [text.text for text in tokens.texts], _grammar(tokens)
    notes = (*shape.notes, *_notes(spec, tokens))
    source = source_of(model, corpus=spec.corpus, texts=texts, seed=spec.seed, notes=notes, also=also)
    states = extract(model, texts, tokens.spans, source=source, part=spec.site, progress=progress.step(0.1, 0.35))
    del model  # what follows needs its memory more
    judged = _judge(spec, tokens, states, shape, progress.step(0.35, 0.97))
    progress.report(0.98, 1, "counting")
    return _result(spec, tokens, judged, shape, source)


def _shape(spec: CodebookSpec, model: Model) -> Shape:
    if spec.method == ENCODER:
        return _encoded(spec, model)
    if spec.encoder:
        raise StrataError("E-ENCODER", f"The method {spec.method} reads no encoder.", fix="Choose the method encoder.")
    if spec.method != TRAINED:
        return Shape(wanted(spec.layers, model.labels(spec.site)), model.depth, model.device)
    found = thinking(spec)
    layers = wanted(spec.layers, found.labels(spec.site))
    sizes = {found.books[layer].codes.shape[1] for layer in layers}
    if len(sizes) > 1:
        what = f"The codebooks of layers {', '.join(layers)} have {min(sizes)} to {max(sizes)} codes."
        raise StrataError("E-CODES-SIZES", what, "One run holds books of one size.", "Name layers that are alike.")
    return Shape(layers, model.depth, model.device, {layer: _held(found.books[layer]) for layer in layers})


def _held(book: Book) -> Read:
    return lambda rows, _: own(book, center_of(rows))


def _encoded(spec: CodebookSpec, model: Model) -> Shape:
    """Return the shape of the one layer that an encoder is trained on."""
    layers = wanted(spec.layers, model.labels(spec.site))
    if len(layers) > 1:
        what = f"An encoder is of one layer, and {len(layers)} are asked for."
        raise StrataError("E-ENCODER", what, fix="Name the layer that it was trained on.")
    encoder = read(spec.encoder)
    made = "The encoder has no decoder: what features stand for was fitted to the fitted tokens."
    notes = (made,) if encoder.decoder is None else ()
    return Shape(layers, model.depth, model.device, {layers[0]: partial(encoded.book, encoder)}, notes)


def _tokens(spec: CodebookSpec, model: Model, progress: Progress) -> Tokens:
    left_out: Counter[str] = Counter()
    stream = corpora.stream(spec.corpus, language=spec.language or None, seed=spec.seed, skipped=left_out)
    wanted = (spec.n_fit, spec.n_test)
    return collect(stream, model, wanted, first_token=spec.first_token, left_out=left_out, progress=progress)


def _grammar(tokens: Tokens) -> tuple[str, ...]:
    return tuple(sorted({LANGUAGES[t.language].wheel for t in tokens.texts if t.language in LANGUAGES}))


def _notes(spec: CodebookSpec, tokens: Tokens) -> tuple[str, ...]:
    have = {"fitted to": (spec.n_fit, tokens.cut), "held out": (spec.n_test, len(tokens.words) - tokens.cut)}
    return tuple(
        f"The corpus gave {got:,} tokens to be {side} of the {want:,} asked for."
        for side, (want, got) in have.items()
        if got < want
    )


def _judge(spec: CodebookSpec, tokens: Tokens, states: States, shape: Shape, progress: Progress) -> list[Judged]:
    words, _ = pd.factorize(np.array(tokens.words, object))
    options = Options(spec.codes, spec.passes, spec.batch, spec.seed, spec.start == "pruned")
    question, found = Question(spec.method, spec.books, options), []
    for number, label in enumerate(shape.layers):
        rows = states.at(label)
        sides = Sides(rows_of(rows[: tokens.cut], shape.device), rows_of(rows[tokens.cut :], shape.device))
        part = progress.step(number / len(shape.layers), (number + 1) / len(shape.layers))
        part.report(0, 1, f"{'reading the codes of' if shape.read else 'fitting codes to'} layer {label}")
        try:
            if shape.read:
                found.append(judging.as_it_is(shape.read[label](sides.fitted, options), sides, words))
            else:
                found.append(judging.judge(question, sides, words, part))
        except StrataError as error:
            raise judging.named(label, error) from error
    return found


def _result(spec: CodebookSpec, tokens: Tokens, judged: list[Judged], shape: Shape, source: Source) -> CodebookResult:
    text = _text_of(tokens)
    scores, texts = _scores(spec, tokens, judged, shape, text[tokens.cut :] - tokens.fitted)
    found = _table(tokens, text)
    best = int((scores.fit_explained - scores.fit_floor.fillna(0)).argmax())
    top, held = judged[best], tokens.words[tokens.cut :]
    ids = [np.concatenate([one.fitted.ids, one.held_out.ids]) for one in judged]
    books, size, _ = top.book.codes.shape
    fires, other, before = (fired_of(top.book, ids) for ids in (top.held_out.ids, top.other, top.fitted.ids))
    return CodebookResult(
        scores=scores,
        usage=cards.usage(fires, other, before, top.book.codes.cpu().numpy(), held),
        leaves=_leaves(spec, found, top),
        texts=texts,
        tokens=found,
        passages=pd.DataFrame([(t.origin, t.language, t.text) for t in tokens.texts], columns=list(PASSAGE), dtype=str),
        best=shape.layers[best],
        depth=shape.depth,
        books=books,
        size=size,
        slots=top.book.slots,
        sizes=(tokens.cut, len(held)),
        left_out=tokens.left_out,
        layers=shape.layers,
        codes=np.stack([one.book.codes.cpu().numpy() for one in judged]),
        centers=np.stack([one.book.center.cpu().numpy() for one in judged]),
        levels=np.stack([one.book.levels.cpu().numpy() for one in judged]),
        ids=np.stack(ids),
        taken=np.stack([counts(fired_of(one.book, one.fitted.ids), books, size) for one in judged]),
        others=np.stack([one.other for one in judged]),
        atoms=np.stack([np.array(one.book.rows, np.int64) for one in judged]),
        errors=np.stack([one.held_out.errors for one in judged]),
        source=source,
    )


def _text_of(tokens: Tokens) -> np.ndarray:
    """Return int64 [token]: the text each token is from."""
    return np.repeat(np.arange(len(tokens.texts)), [len(spans) for spans in tokens.spans])


def _scores(
    spec: CodebookSpec, tokens: Tokens, judged: list[Judged], shape: Shape, text: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, parts = [], []
    held = tokens.texts[tokens.fitted :]
    for order, (layer, one) in enumerate(zip(shape.layers, judged, strict=True)):
        found, values = judging.numbers(one, text)
        _, low, high = bootstrap(values[None], seed=spec.seed).tolist()
        rows.append({"order": order, "layer": layer, **found, "low": low, "high": high})
        origins = {"text": np.arange(len(held)), "origin": [t.origin for t in held]}
        many = {"tokens": np.bincount(text), "value": values}
        parts.append(pd.DataFrame({"order": order, "layer": layer, **origins, **many}))
    frame = pd.DataFrame(rows)
    rest = [name for name in frame.columns if name not in ORDER]
    return frame[[*ORDER, *rest]], pd.concat(parts, ignore_index=True)


def _leaves(spec: CodebookSpec, found: pd.DataFrame, top: Judged) -> pd.DataFrame:
    """Return which code picks out each leaf type, where the texts are code."""
    if not found["label"].all():
        return pd.DataFrame(columns=list(picking.KINDS)).astype(picking.KINDS)
    ids = np.concatenate([top.fitted.ids, top.held_out.ids])
    sides, names = picking.sides(found, fired_of(top.book, ids))
    return picking.table(*sides, names, seed=spec.seed)


def _table(tokens: Tokens, text: np.ndarray) -> pd.DataFrame:
    """Return one row a token."""
    spans, code = np.concatenate(tokens.spans), all(t.language in LANGUAGES for t in tokens.texts)
    return pd.DataFrame(
        {
            "text": text,
            "origin": [tokens.texts[i].origin for i in text],
            "start": spans[:, 0],
            "end": spans[:, 1],
            "token": tokens.words,
            "held_out": np.arange(len(text)) >= tokens.cut,
            "label": leaves.labels(tokens) if code else "",
        }
    )
