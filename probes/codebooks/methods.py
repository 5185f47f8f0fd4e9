"""What a codebook run did, in the sentences of a paper's methods section."""

from probes.codebooks.analysis import CodebookResult, CodebookSpec
from probes.codebooks.card import CardResult, CardSpec
from probes.codebooks.coded import CodedResult, CodedSpec
from probes.codebooks.concepts import ConceptsResult, ConceptsSpec
from probes.codebooks.names import DUPLICATE, ENCODER, LEVELS, MOST, TRAINED
from probes.codebooks.search import SearchResult, SearchSpec

INTERVALS = "Intervals are 95 % percentile bootstrap intervals over held-out texts (1,000 resamples) [@efron-1979]."
KINDS = {
    "kmeans": "Each token's state was replaced by the nearest of {size} codes, fitted by k-means [@lloyd-1982].",
    "spherical": "Each token's state was replaced by one of {size} directions, fitted by spherical k-means "
    f"[@dhillon-modha-2001], times one of {LEVELS} gains, fitted by k-means on a line.",
    "product": "Each token's state was cut into {books} equal parts, and each part replaced by the nearest of its own "
    "{size} codes [@jegou-2011], fitted by k-means [@lloyd-1982].",
    "residual": "Each token's state was replaced by a sum of {books} codes, the next of {size} each fitted by k-means "
    "[@lloyd-1982] to what those before it left over [@juang-gray-1982].",
    "pursuit": "Each token's state was replaced by a sum of {books} of {size} codes of length one, chosen by matching "
    "pursuit [@mallat-zhang-1993] on a dictionary learnt by the method of optimal directions [@engan-1999], each times "
    f"one of {LEVELS} coefficients that are not negative.",
    "itda": "Each token's state was replaced by a sum of {books} of {size} codes of length one, chosen by matching "
    "pursuit [@mallat-zhang-1993] on a dictionary of real states [@leask-2025], drawn by what those before them leave, "
    f"each times one of {LEVELS} coefficients that are not negative.",
}


def codebooks(spec: CodebookSpec, result: CodebookResult) -> tuple[str, ...]:
    """Describe the codebooks, what they were fitted to, how they were judged and against what."""
    if spec.method == TRAINED:
        return trained(spec, result)
    if spec.method == ENCODER:
        return encoded(spec, result)
    fitted, held_out = result.sizes
    site = "" if spec.site == "residual" else f" (site: {spec.site})"
    noise = f" (at most {MOST:,} rows)" if fitted > MOST else ""
    sentences = [
        f"We fitted codebooks to the hidden states of {len(result.layers)} layers{site}, one layer at a time and "
        "without changing the model, in contrast to Codebook Features [@tamkin-2023], which trains a model to use "
        "them.",
        KINDS[spec.method].format(size=result.size, books=result.books * result.slots),
        _fitting(spec, fitted),
        f"All numbers are of {held_out:,} tokens of other texts: the variance explained is one minus the sum of "
        "squared errors over that of squared distances to the mean; bits a token are the code length under the usage "
        f"seen in fitting; duplicates are codes with a cosine above {DUPLICATE} to another.",
        "The same fit to Gaussian noise with the mean and the covariance of the states gives the floor of the variance "
        f"explained{noise}. Stability is the usage-weighted Jaccard overlap of each code with its like in a codebook "
        "of the next seed, beside that of the noise and that of permuted choices. The layer was chosen on the tokens "
        "that codes were fitted to.",
        INTERVALS,
    ]
    if len(result.leaves):
        sentences.append(
            "For every leaf type of the syntax tree, the code with the best F1 on the fitted tokens is reported on the "
            "held-out ones, beside the best single word chosen alike."
        )
    return tuple(sentences)


def encoded(spec: CodebookSpec, result: CodebookResult) -> tuple[str, ...]:
    """Describe the features of an encoder, and what they were held against."""
    fitted, held_out = result.sizes
    return (
        "Features are those of a TopK sparse autoencoder [@gao-2024] that was trained elsewhere (encoder: "
        f"{spec.encoder}), read at layer {result.best} (site: {spec.site}): the {result.slots} largest of "
        f"{result.size:,} for each token, each times one of {LEVELS} coefficients. Where its file has no decoder, one "
        f"was fitted to {fitted:,} tokens by ridge regression with the features held.",
        f"All numbers are of {held_out:,} tokens of other texts: the variance explained is one minus the sum of "
        "squared errors over that of squared distances to the mean; bits a token are the code length under the usage "
        f"in the first texts; duplicates are features whose vectors have a cosine above {DUPLICATE}. The mean of each "
        "word stands beside.",
        INTERVALS,
    )


def trained(spec: CodebookSpec, result: CodebookResult) -> tuple[str, ...]:
    """Describe the codes that a model was trained with, and what they were held against."""
    fitted, held_out = result.sizes
    each = f"each of {result.books} parts of " if result.books > 1 else ""
    return (
        f"The model was trained with codebooks in {len(result.layers)} of its layers (site: {spec.site}), after "
        "Codebook Features [@tamkin-2023], and was read with them in place: what it writes there is replaced by codes "
        f"that it chooses itself, {result.slots} of {result.size} for {each}each token.",
        f"All numbers are of {held_out:,} tokens of other texts than the {fitted:,} that words and usage were counted "
        "on: the variance explained is one minus the sum of squared errors over that of squared distances to the mean, "
        "of what enters the codebooks; bits a token are the code length under the usage in the first texts; duplicates "
        f"are codes with a cosine above {DUPLICATE} to another. The mean of each word stands beside.",
        "Noise of the same covariance and a second seed are left out: each would take another training of the model.",
        INTERVALS,
    )


def _fitting(spec: CodebookSpec, tokens: int) -> str:
    """Say how codes began and settled."""
    if spec.method == "itda":
        return f"They were drawn in rounds, from states of the {tokens:,} tokens, and not fitted any further."
    sparse = spec.method == "pursuit"
    batches = f"mini-batches of {spec.batch} tokens [@sculley-2010]" if spec.batch and not sparse else "whole passes"
    spare = ", twice as many as codes, of which those that were missed least were given up"
    spare = spare if spec.start == "pruned" and not sparse else ""
    return (
        f"Fitting started from states drawn by k-means++ [@arthur-vassilvitskii-2007] in rounds{spare} and took at "
        f"most {spec.passes} passes in {batches} over {tokens:,} tokens; codes without a token were moved to states "
        "drawn by their squared distance, while fitting only."
    )


def search(spec: SearchSpec, result: SearchResult) -> tuple[str, ...]:
    """Describe what was searched for, how codes were ranked and on what they were judged."""
    whats = {"regex": "match a regular expression", "literal": "hold a literal text", "leaf": "are one type of leaf"}
    return (
        f"We searched the {result.searched:,} codes of codebook run {spec.run[:12]} for those that fire on tokens "
        f"which {whats[result.by]}, after the code search of Codebook Features [@tamkin-2023].",
        f"Codes were ranked by their F1 on the {result.sizes[0]:,} tokens that they were fitted to, "
        f"{result.support[0]:,} of which match; precision, recall and F1 are of {result.sizes[1]:,} tokens of other "
        f"texts, {result.support[1]:,} of which match.",
        "Intervals are 95 % percentile bootstrap intervals over held-out texts (1,000 resamples) [@efron-1979]. The "
        "best single word, chosen alike, stands beside the codes.",
    )


def card(spec: CardSpec, result: CardResult) -> tuple[str, ...]:
    """Describe what of a code was counted, and how it was nudged."""
    sentences = [
        f"Of code {result.code} of layer {result.layer}, book {result.book}, in codebook run {spec.run[:12]} "
        f"[@tamkin-2023] everything is counted on the {result.count:,} held-out tokens that take it; leaf types have "
        "95 % percentile bootstrap intervals over texts (1,000 resamples) [@efron-1979].",
    ]
    if len(result.nudges):
        sentences.append(
            f"At {result.nudged} held-out tokens of different texts that take it, the code's vector was added to the "
            "state of its layer, and the next-token distribution compared with the plain one (Kullback-Leibler "
            "divergence in nats), beside two other codes of the same book, drawn at random and scaled to the same "
            "length."
        )
    if len(result.logits):
        sentences.append(
            "Along the direct path the vector was added to the layer's mean in place of what enters the final norm "
            "[@nostalgebraist-2020]."
        )
    return tuple(sentences)


def concepts(spec: ConceptsSpec, result: ConceptsResult) -> tuple[str, ...]:
    """Describe where the concepts come from, how each one's code was chosen and on what it was judged."""
    rare = sum(result.left_out.values())
    left_out = f" ({rare} more were left out, being too rare in these texts)" if rare else ""
    return (
        f"For each of {len(result.concepts)} concepts of code and English, written down as patterns before codes "
        f"were seen{left_out}, we chose among the {result.searched:,} codes of codebook run {spec.run[:12]} the one "
        f"with the best F1 on the {result.sizes[0]:,} tokens that codes were fitted to [@tamkin-2023].",
        f"Precision, recall and F1 are of {result.sizes[1]:,} tokens of other texts, with 95 % percentile bootstrap "
        "intervals over texts (1,000 resamples) [@efron-1979], beside the best single word, chosen alike; a concept "
        f"counts as found from an F1 of {result.good:.1f}.",
        f"Up to {spec.union} codes of one book, added one by one while their union gains F1 on the fitted tokens, are "
        "reported apart from single codes.",
    )


def coded(spec: CodedSpec, result: CodedResult) -> tuple[str, ...]:
    """Describe how a text was coded."""
    return (
        f"A text was read by the model and every token's state replaced by its nearest code in {len(result.layers)} "
        f"layers, with the codebooks of run {spec.run[:12]}, which were fitted to other texts [@tamkin-2023].",
        "The bits of a code are the negative logarithm of its share of the tokens that codes were fitted to.",
    )
