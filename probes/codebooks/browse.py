"""One code looked at: how often, which words, in which places, which leaves of the tree, beside which other codes.

Everything is counted on held-out tokens of a finished run; arrays and tables only, so that a card takes milliseconds.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from probes.codebooks import cards, picking
from probes.codebooks.analysis import CodebookResult
from probes.codebooks.fired import fired, firing

MOST = 8
"""Rows of each table of a card."""
PICKS = ["label", "support", "precision", "recall", "f1", "low", "high", "fit_f1"]
TOGETHER = ["layer", "book", "code", "word", "tokens", "overlap"]
NEAR = ["code", "word", "cosine"]


@dataclass(frozen=True)
class Card:
    """What the tokens of one code tell of it."""

    layer: str
    book: int
    code: int
    count: int
    """Held-out tokens that take it."""
    share: float
    """The same, as a share of all."""
    fitted: int
    """Tokens that took it while fitting."""
    overlap: float
    """Jaccard overlap with the code of the second seed most like it; NaN of codes the model was trained with."""
    texts: float
    """Share of held-out texts with a token that takes it."""
    words: pd.DataFrame
    """Its commonest words: word, count, share of the code, recall (share of that word's tokens that take the code)."""
    atom: pd.DataFrame
    """The fitted token whose state it is, in its context, where codes are real states; see `cards.atom`."""
    contexts: pd.DataFrame
    """Places in held-out text, the best decoded first; see `cards.contexts`."""
    quantiles: pd.DataFrame
    """Places from the best decoded to the worst; see `cards.quantiles`."""
    density: pd.DataFrame
    """How often it fires by where in the text; see `cards.density`."""
    picks: pd.DataFrame
    """Leaf types it picks out, by F1 on the fitted tokens; all other numbers are of held-out ones."""
    near: pd.DataFrame
    """Codes of its book that point most the same way."""
    together: pd.DataFrame
    """In every other book and layer, the code that shares most of its tokens (Jaccard overlap); where tokens take more
    than one code of a book, in its own too."""


def used(result: CodebookResult, layer: str) -> pd.DataFrame:
    """Return one row a code of any layer, the most used first; see `cards.usage`.

    Where codes are real states (itda), `atom` is the token whose state each one is.
    """
    at, cut = result.layers.index(layer), result.sizes[0]
    ids, words = result.fired(at), result.tokens["token"].iloc[cut:].tolist()
    other = fired(result.others[at], result.books, result.slots, result.levels[at])
    table = cards.usage(ids[cut:], other, ids[:cut], result.codes[at], words)
    if len(result.atoms[at]):
        table["atom"] = result.tokens["token"].to_numpy(object)[result.atoms[at][table["code"]]]
    return table.sort_values(["count", "fitted"], ascending=False, kind="stable", ignore_index=True)


def card(result: CodebookResult, layer: str, book: int, code: int, *, table: pd.DataFrame | None = None) -> Card:
    """Return the card of a code; `table` spares counting `used` again. Raises KeyError when there is no such code."""
    whole = used(result, layer) if table is None else table
    own = whole[whole["book"] == book]
    row = own[own["code"] == code]
    if row.empty:
        raise KeyError(f"No code {code} in book {book} of layer '{layer}'.")
    at, cut = result.layers.index(layer), result.sizes[0]
    fires = result.fires(at, book, code)
    there = np.flatnonzero(fires[cut:]) + cut
    facts = row.iloc[0]
    return Card(
        layer=layer,
        book=book,
        code=code,
        count=int(facts["count"]),
        share=float(facts["share"]),
        fitted=int(facts["fitted"]),
        overlap=float(facts["overlap"]),
        texts=_texts(result, there),
        words=_words(result, there),
        atom=cards.atom(result, at, code),
        contexts=cards.contexts(result, at, there),
        quantiles=cards.quantiles(result, at, there),
        density=cards.density(result, fires),
        picks=picks(result, fires),
        near=_near(result.codes[at, book], code, own),
        together=_together(result, (at, book, code), there),
    )


def of_seeds(card: Card) -> str:
    """Say how far another seed has the same code; nothing of codes that have no other seed."""
    return "" if np.isnan(card.overlap) else f"; another seed has a code that overlaps by {card.overlap:.2f}"


def picks(result: CodebookResult, fires: np.ndarray) -> pd.DataFrame:
    """Return the leaf types that tokens which fire [token] pick out, the best on the fitted tokens first."""
    label, names = pd.factorize(result.tokens["label"].to_numpy(object))
    cut, rows = result.sizes[0], []
    fit, held = slice(0, cut), slice(cut, None)
    text = result.tokens["text"].to_numpy()
    often = [np.bincount(label[side], minlength=len(names)) for side in (fit, held)]
    hits = np.bincount(label[fit][fires[fit]], minlength=len(names))
    f1 = 2 * hits / np.maximum(often[0] + int(fires[fit].sum()), 1)
    enough = (np.minimum(*often) >= picking.LEAST) & (hits > 0) & (np.array(names) != "")
    for one in sorted(np.flatnonzero(enough).tolist(), key=lambda i: (-f1[i], str(names[i])))[:MOST]:
        found = picking.agreement(label[held] == one, fires[held], text[held], seed=result.source.seed)
        rows.append((str(names[one]), int(often[1][one]), *found, float(f1[one])))
    return pd.DataFrame(rows, columns=PICKS)


def _texts(result: CodebookResult, there: np.ndarray) -> float:
    text = result.tokens["text"].to_numpy()
    return len(np.unique(text[there])) / len(np.unique(text[result.sizes[0] :]))


def _words(result: CodebookResult, there: np.ndarray) -> pd.DataFrame:
    words = result.tokens["token"]
    every = words.iloc[result.sizes[0] :].value_counts()
    found = words.iloc[there].value_counts().head(MOST)
    return pd.DataFrame(
        {
            "word": found.index.astype(str),
            "count": found.to_numpy(),
            "share": found.to_numpy() / max(len(there), 1),
            "recall": found.to_numpy() / every.reindex(found.index).to_numpy(),
        }
    )


def _near(codes: np.ndarray, code: int, own: pd.DataFrame) -> pd.DataFrame:
    unit = codes / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)
    cosine = unit @ unit[code]
    order = [int(i) for i in np.argsort(-cosine, kind="stable") if i != code][:MOST]
    words = own.set_index("code")["word"]
    return pd.DataFrame([(i, words[i], float(cosine[i])) for i in order], columns=NEAR)


def _together(result: CodebookResult, where: tuple[int, int, int], there: np.ndarray) -> pd.DataFrame:
    cut, rows = result.sizes[0], []
    size, words = result.size, result.tokens["token"].to_numpy(object)
    for at, layer in enumerate(result.layers):
        every = result.fired(at, slice(cut, None))
        for book in range(result.books):
            ids, own = every[:, book], (at, book) == where[:2]
            both = np.bincount(firing(ids[there - cut]), minlength=size)
            both[where[2] if own else []] = 0
            alike = both / np.maximum(np.bincount(firing(ids), minlength=size) + len(there) - both, 1)
            top = int(alike.argmax())
            if both[top]:
                word = pd.Series(words[cut:][(ids == top).any(1)]).mode().iat[0]
                rows.append((layer, book, top, str(word), int(both[top]), float(alike[top])))
    return pd.DataFrame(rows, columns=TOGETHER)
