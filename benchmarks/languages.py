"""From sentences to the scores of every layer, against the published way: one sentence a pass, then a double loop.

    STRATA_HOME=.cache python benchmarks/languages.py [MODEL] [LANGUAGES]

The published way runs the model once a sentence with all hidden states, pools each layer twice (weighted mean and last
token), and calls a cosine function for every two sentences of every layer. Ours packs sentences of like length, pools
each layer inside the pass, and takes all cosines of a layer at once. Both read the same sentences of Django's messages
with the same loaded model, in one process and in turn, and must give the same scores. Claims: at least 3 × faster from
end to end, and time that grows with the number of languages and no faster.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from scipy.spatial.distance import cosine

from probes import corpora
from probes.alignment.grams import similarities
from probes.alignment.mexa import mexa
from probes.alignment.study import published as layers_of
from probes.corpora.versions import Choice
from probes.extract.texts import read_texts
from probes.models import Model, load

SENTENCES, ROUNDS = 100, 3


def published_vectors(model: Model, texts: Sequence[str]) -> list[np.ndarray]:
    """Return [layer][sentence, width] as the published script makes them, one forward pass a sentence."""
    rows = []
    for text in texts:
        batch = model.tokenizer(text, return_tensors="pt", return_token_type_ids=False)
        with torch.no_grad():
            states = model.net(**batch, output_hidden_states=True).hidden_states
        places = batch["attention_mask"] * torch.arange(1, batch["input_ids"].shape[1] + 1)[None]
        last = torch.zeros_like(batch["attention_mask"])
        last[:, -1] = 1
        for weights in (places, last):
            w = weights[..., None]
            pooled = [((layer * w).sum(1) / w.sum(1)).squeeze().cpu().numpy() for layer in states]
            rows += [pooled] if weights is places else []
    return [np.stack(layer) for layer in zip(*rows, strict=True)]


def published_scores(pivot: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> list[float]:
    """Score every layer with a cosine a pair of sentences."""
    scores = []
    for x, y in zip(pivot, other, strict=True):
        s = np.array([[1 - cosine(a, b) for b in y] for a in x])
        n = len(s)
        hits = sum(s[i, i] > max(np.delete(s[i], i)) and s[i, i] > max(np.delete(s[:, i], i)) for i in range(n))
        scores.append(hits / n)
    return scores


def ours_vectors(model: Model, texts: Sequence[str]) -> np.ndarray:
    """Return [layer, sentence, width] of the same layers."""
    rows = read_texts(model, texts, "weighted")
    return np.stack([rows[layer] for layer in layers_of(model.layers)])


def timed(act: Callable[[], list[float]]) -> tuple[float, list[float]]:
    """Return the seconds an act takes, and what it returns."""
    began = time.perf_counter()
    found = act()
    return time.perf_counter() - began, found


def main(name: str = "e5-small", languages: int = 8) -> None:
    """Print the ratio, and how the time grows."""
    model = load(name, device="cpu")
    found = corpora.parallel("gettext:django", Choice(n=SENTENCES))
    others = found.languages[1 : languages + 1]
    pivot = found.texts(found.languages[0])
    theirs_pivot, ours_pivot = published_vectors(model, pivot), ours_vectors(model, pivot)
    theirs, ours = [], []
    for language in others[:ROUNDS]:
        texts = found.texts(language)
        slow, scores = timed(lambda t=texts: published_scores(theirs_pivot, published_vectors(model, t)))
        fast, same = timed(lambda t=texts: mexa(similarities(ours_pivot, ours_vectors(model, t))).tolist())
        worst = max(abs(a - b) for a, b in zip(scores, same, strict=True))
        assert worst <= 1 / SENTENCES + 1e-9, f"{language}: a layer differs by {worst}"
        theirs.append(slow)
        ours.append(fast)
    print(f"{name}, {SENTENCES} sentences, {len(theirs_pivot)} layers; the same scores")
    print(f"a language: published {np.median(theirs):.2f} s, ours {np.median(ours):.2f} s")
    print(f"ratio {np.median(theirs) / np.median(ours):.1f} (claim: at least 3)")
    grown = []
    for many in (len(others) // 2, len(others)):
        began = time.perf_counter()
        for language in others[:many]:
            mexa(similarities(ours_pivot, ours_vectors(model, found.texts(language))))
        grown.append((time.perf_counter() - began) / many)
    print(f"seconds a language of {len(others) // 2} and of {len(others)}: {grown[0]:.2f}, {grown[1]:.2f}")
    print(f"ratio {grown[1] / grown[0]:.2f} (claim: about 1)")


if __name__ == "__main__":
    main(*sys.argv[1:2], *(int(n) for n in sys.argv[2:3]))
