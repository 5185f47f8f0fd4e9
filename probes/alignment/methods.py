"""What an alignment run did, in the sentences of a paper's methods section."""

from probes.alignment.analysis import AlignmentResult, AlignmentSpec

POOLED = {
    "weighted": "the mean of its token states weighted by position [@muennighoff-2022]",
    "mean": "the mean of its token states",
    "last": "the state of its last token",
    "first": "the state of its first token",
}


def alignment(spec: AlignmentSpec, result: AlignmentResult) -> tuple[str, ...]:
    """Describe the sentences, the score, its interval, its null and its floors."""
    added = "the tokens the tokenizer adds included" if spec.added else "the tokens the tokenizer adds left out"
    drawn = "the first ones of the corpus" if spec.recipe == "published" else f"drawn with seed {spec.seed}"
    return (
        f"We measured the alignment of {result.count} languages with a pivot language by MEXA [@kargaran-2025] on "
        f"{result.sentences} sentences, {drawn} and the same in every language, at each of the {len(result.layers)} "
        f"layers. A sentence is represented by {POOLED[spec.pooling]}, {added}.",
        "A sentence counts when its cosine with its translation is strictly above its cosine with every other "
        f"sentence, in both directions. We report the expected share for {result.at} sentences over all choices "
        "of them (MEXA@m, closed form), with 95 % intervals: Wilson [@wilson-1927] where all sentences are used, else "
        "leave-one-out.",
        "As controls we give the share expected of random pairs (closed form over permutations), of the cosine of "
        "character 2- to 4-gram TF-IDF vectors, and of sentence length alone. The best layer of a language was chosen "
        "on one half of the sentences and is reported on the other.",
        "As companions that do not saturate we report unbiased linear CKA [@kornblith-2019] after per-dimension "
        "standardisation, and the separation d' of the cosines of pairs and of other sentences; and MEXA after "
        "cross-domain similarity local scaling [@conneau-2018] as a correction for hubs.",
    )
