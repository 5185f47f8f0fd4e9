"""The run behind `CardSpec`: a code's card, and what nudging it does where it fires in held-out texts."""

import numpy as np
import pandas as pd

from probes.codebooks import browse, kept, nudging
from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.card import CardResult, CardSpec
from probes.codebooks.decoding import decoder
from probes.codebooks.directions import directions
from probes.contract import Progress
from probes.errors import StrataError
from probes.models import LanguageModel
from probes.stats import pearson

SIDE = 10
"""Tokens shown that a code raises most, and as many that it lowers most."""
DEEPEST = 400
"""Characters of a text before the token that is nudged, at most: what follows it does not count, and reading costs."""
LOGITS = {"token": str, "direct": float, "measured": float, "side": str}


def made(spec: CardSpec, progress: Progress) -> CardResult:
    """Answer a CardSpec; raises StrataError E-CODE-UNKNOWN for a layer, book or code the run does not have."""
    asked, run = kept.fitted(spec.run)
    layer = run.best if spec.layer == "best" else spec.layer
    progress.report(0, 1, "counting")
    try:
        card = browse.card(run, layer, spec.book, spec.code)
    except (KeyError, ValueError, IndexError) as error:
        what = f"This run has no code {spec.code} in book {spec.book} of layer '{layer[:40]}'."
        fix = f"Its layers are {', '.join(run.layers)}; its {run.books} books have {run.size} codes each."
        raise StrataError("E-CODE-UNKNOWN", what, fix=fix) from error
    logits, nudges, n, agreement, refusal = _effect(spec, (asked, run), layer, progress.step(0.1, 1))
    return CardResult(
        layer=layer,
        book=spec.book,
        code=spec.code,
        count=card.count,
        share=100 * card.share,
        words=card.words,
        atom=card.atom,
        contexts=card.contexts,
        quantiles=card.quantiles,
        density=card.density,
        picks=card.picks,
        near=card.near,
        together=card.together,
        logits=logits,
        nudges=nudges,
        nudged=n,
        agreement=agreement,
        refusal=refusal,
        source=run.source,
    )


def _effect(
    spec: CardSpec, of: tuple[CodebookSpec, CodebookResult], layer: str, progress: Progress
) -> tuple[pd.DataFrame, pd.DataFrame, int, float, str]:
    asked, run = of
    empty = tuple(pd.DataFrame(columns=list(kinds)).astype(kinds) for kinds in (LOGITS, nudging.NUDGES))
    try:
        lm = decoder(asked, run)
    except StrataError as error:
        if error.code not in ("E-STEER", "E-HEAD"):
            raise
        return empty[0], empty[1], 0, 0.0, error.what
    at = run.layers.index(layer)
    vectors = directions(asked, run, at, spec.book)
    vector = vectors[spec.code]
    texts, ends = _places(run, at, spec)
    if not texts or not vector.any() or "norm" in layer:
        why = "It fires near the start of no held-out text." if not texts else "There is nothing after this layer."
        return empty[0], empty[1], 0, 0.0, why
    progress.report(0, 1, "nudging the code")
    where = nudging.places(lm, texts, ends)
    own = nudging.Nudge(layer, vector)
    nudges, gained = nudging.measured(lm, where, own, (vectors, spec.code), seed=spec.seed, progress=progress)
    if asked.site != "residual":  # what enters the final norm is a sum of parts, and not one of them
        return empty[0], nudges, len(texts), 0.0, ""
    path = nudging.direct(lm, run.centers[at], vector)
    return _logits(lm, path, gained), nudges, len(texts), float(np.nan_to_num(pearson(path, gained))), ""


def _places(run: CodebookResult, at: int, spec: CardSpec) -> tuple[list[str], list[tuple[int, int]]]:
    """Return held-out texts with a token of the code, and where that is: the first of each, the nearest first."""
    cut = run.sizes[0]
    rows = run.tokens.iloc[np.flatnonzero(run.fires(at, spec.book, spec.code)[cut:]) + cut]
    first = rows.drop_duplicates("text").sort_values(["end", "text"], kind="stable")
    first = first[first["end"] <= DEEPEST].head(spec.texts)
    texts = [str(run.passages["content"].iat[int(text)]) for text in first["text"]]
    return texts, [(int(a), int(b)) for a, b in zip(first["start"], first["end"], strict=True)]


def _logits(lm: LanguageModel, path: np.ndarray, gained: np.ndarray) -> pd.DataFrame:
    order = np.argsort(-path, kind="stable")
    sides, rows = (("raised", order[:SIDE]), ("lowered", order[::-1][:SIDE])), []
    for side, ids in sides:
        words = [lm.model.tokenizer.decode([i]) for i in ids.tolist()]
        rows += [(word, float(path[i]), float(gained[i]), side) for word, i in zip(words, ids, strict=True)]
    return pd.DataFrame(rows, columns=list(LOGITS)).astype(LOGITS)
