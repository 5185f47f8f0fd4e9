"""Which sentence lost to which: the sentences of one language at one layer, misses first."""

import pandas as pd

from probes.alignment.analysis import AlignmentResult


def bitext(result: AlignmentResult, language: str, layer: str) -> pd.DataFrame:
    """Return one row a sentence: meets, margin, sentence, translation, rival, rival_translation, similarity, to_rival.

    The rival is the other sentence most similar to this one or to its translation; worst margin first. Raises KeyError
    for a language or layer that is not in the result.
    """
    result.row(language, layer)
    at, depth = result.languages.language.tolist().index(language), result.layers.index(layer)
    own, rival = result.own[at, depth].astype(float), result.rival_similarity[at, depth].astype(float)
    other = result.rival[at, depth]
    texts = {name: part.text.to_numpy() for name, part in result.texts.groupby("language", sort=False)}
    here, there = texts[result.pivot], texts[language]
    table = pd.DataFrame(
        {
            "meets": own > rival,
            "margin": own - rival,
            "sentence": here,
            "translation": there,
            "rival": here[other],
            "rival_translation": there[other],
            "similarity": own,
            "to_rival": rival,
        }
    )
    return table.sort_values("margin", kind="stable").reset_index(drop=True)
