"""The texts that losses are measured on: long enough to predict something in, and short enough to be quick."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from probes import corpora
from probes.corpora.docstrings import english
from probes.errors import StrataError
from probes.extract.losses import SHORTEST
from probes.models import LanguageModel
from probes.values import Text

LONGEST = 160
"""Tokens: a longer text is left out, as it would weigh as much in time as ten others."""
SHORT, LONG = "text too short to predict in", f"text over {LONGEST} tokens"


def of_corpus(lm: LanguageModel, name: str, language: str, n: int, *, seed: int, left_out: Counter[str]) -> list[Text]:
    """Return `n` texts of a corpus that fit; raises StrataError E-CORPUS-SMALL with fewer than four."""
    stream = corpora.stream(name, language=language or None, seed=seed, skipped=left_out)
    return _enough(list(islice(_fitting(lm, stream, left_out), n)), name)


def of_english(lm: LanguageModel, name: str, n: int, *, seed: int, left_out: Counter[str]) -> list[Text]:
    """Return `n` English texts that fit; raises StrataError E-CORPUS-SMALL with fewer than four."""
    return _enough(list(islice(_fitting(lm, english(name, seed=seed, skipped=left_out), left_out), n)), name)


def _fitting(lm: LanguageModel, texts: Iterator[Text], left_out: Counter[str]) -> Iterator[Text]:
    added = int(lm.model.tokenizer.num_special_tokens_to_add())
    most = min(LONGEST, lm.model.context)
    for text in texts:
        length = int(lm.model.lengths([text.text])[0])
        if length - added < SHORTEST:
            left_out[SHORT] += 1
        elif length > most:
            left_out[LONG] += 1
        else:
            yield text


def _enough(texts: list[Text], name: str) -> list[Text]:
    if len(texts) < 4:
        raise StrataError(
            "E-CORPUS-SMALL",
            f"'{name[:200]}' has {len(texts)} texts of {SHORTEST} to {LONGEST} tokens.",
            "It takes four at least.",
            "Point at a larger corpus.",
        )
    return texts


def layer_of(lm: LanguageModel, asked: str) -> str:
    """Return the layer that was asked for, the middle one for none; raises StrataError E-LAYER-UNKNOWN."""
    layers = [str(i) for i in range(lm.model.depth + 1)]
    layer = asked.strip() or layers[lm.model.depth // 2]
    if layer not in layers:
        raise StrataError(
            "E-LAYER-UNKNOWN", f"This model has no layer '{layer[:40]}'.", fix=f"Choose one of {', '.join(layers)}."
        )
    return layer
