"""What a run of this room did, in the sentences of a paper's methods section."""

from probes.alignment.analysis import AlignmentResult, AlignmentSpec
from probes.alignment.kernels import kernel
from probes.alignment.likeness import LikenessResult, LikenessSpec

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


def likeness(spec: LikenessSpec, result: LikenessResult) -> tuple[str, ...]:
    """Describe what two layers were compared by, their interval, and both floors."""
    sides = "every other layer of the model" if result.how == "one" else f"every layer of {result.other}"
    sentences = [
        f"We compared every layer of the model with {sides} on {result.texts} texts, drawn with seed {spec.seed} and "
        f"the same for both sides. A text is represented by {POOLED[spec.pooling]}. Likeness is "
        f"{', '.join(kernel(name).title for name in spec.measures)}; CKA as in [@kornblith-2019].",
        f"Intervals are 95 % (1.96 standard errors), from {spec.draws} random halves of the texts without replacement. "
        f"The chance level is the mean over {spec.draws} random pairings of the texts. What the headline names was "
        "chosen on one half of the texts and measured on the other.",
    ]
    if spec.random_init:
        sentences.append("As a control we compared the same architectures with randomly initialised weights.")
    return tuple(sentences)
