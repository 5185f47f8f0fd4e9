"""Names taken away: every identifier becomes a word that means nothing, keywords, literals and layout stay.

A probe is retested on such code without training again (Hall Maudslay & Cotterell, NAACL 2021): what it loses, it had
read from what names mean, and not from where they stand.
"""

import zlib
from dataclasses import replace

import numpy as np

from probes.models import Model
from probes.syntax.dataset import Dataset, Snippet

TOO_LONG = "with nonce words they would not fit the model's context."
_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"


def word(name: str, seed: int, turn: int = 0) -> str:
    """Return the nonce word that stands for a name: three syllables, the same wherever the name recurs."""
    number = zlib.crc32(f"{seed}\0{turn}\0{name}".encode("utf-8", "surrogatepass"))
    syllables = []
    for _ in range(3):
        number, vowel = divmod(number, len(_VOWELS))
        number, consonant = divmod(number, len(_CONSONANTS))
        syllables.append(_CONSONANTS[consonant] + _VOWELS[vowel])
    return "".join(syllables)


def renamed(snippet: Snippet, seed: int) -> Snippet:
    """Return the snippet with its identifiers replaced, different ones by different words; the tree is the same."""
    tree, known = snippet.tree, dict[str, str]()
    for name, category in zip(tree.words, tree.categories, strict=True):
        if category == "identifier" and name not in known:
            turn = 0
            while (new := word(name, seed, turn)) in known.values() or new in tree.words:
                turn += 1
            known[name] = new
    parts, spans, at, end = [], [], 0, 0
    for old, category, (start, stop) in zip(tree.words, tree.categories, snippet.spans.tolist(), strict=True):
        between = snippet.text[end:start]
        text = known[old] if category == "identifier" else snippet.text[start:stop]
        parts += [between, text]
        at += len(between)
        spans.append((at, at + len(text)))
        at, end = at + len(text), stop
    words = tuple(known[w] if c == "identifier" else w for w, c in zip(tree.words, tree.categories, strict=True))
    text = "".join([*parts, snippet.text[end:]])
    return Snippet(replace(tree, words=words), text, np.array(spans, np.int64).reshape(-1, 2), snippet.origin)


def without_names(data: Dataset, model: Model, seed: int) -> tuple[Dataset, int]:
    """Return the test snippets without their names, and how many keep them so as to fit the model's context."""
    made = [renamed(s, seed) for s in data.test]
    fits = model.lengths([s.text for s in made]) <= model.context
    test = tuple(new if fine else old for new, old, fine in zip(made, data.test, fits, strict=True))
    return Dataset((), (), test, {}), int((~fits).sum())
