"""What was spliced, and how kinds were compared at equal bits, in the sentences of a paper's methods section."""

from probes.codebooks.equal_bits import EqualBitsResult, EqualBitsSpec
from probes.codebooks.splice import SpliceResult, SpliceSpec


def splice(spec: SpliceSpec, result: SpliceResult) -> tuple[str, ...]:
    """Describe what was replaced, by what, and how the damage was measured."""
    texts = result.texts["origin"].groupby([result.texts["layer"], result.texts["instead"]]).size().max()
    what = "hidden states" if result.site == "residual" else f"outputs of the {result.site} site"
    how = "the next token" if result.task == "next" else "masked tokens (15 %) [@devlin-2019]"
    return (
        f"While the model predicted {how} of {texts} held-out texts, the {what} of a layer were replaced by what the "
        f"codes of run {spec.run[:12]} stand for, at every token but the first; one layer at a time, and all at once.",
        "The damage is the loss that this adds, the divergence KL(as it is || spliced) over the vocabulary, both in "
        "nats a token, and the share of tokens whose likeliest prediction stays. Beside it stand the same of the mean "
        "state and of zero. A score is the share of an ablation's damage that codes avoid.",
        "Intervals are 95 % percentile bootstrap intervals over texts (1,000 resamples) [@efron-1979].",
    )


def equal_bits(spec: EqualBitsSpec, result: EqualBitsResult) -> tuple[str, ...]:
    """Describe the kinds, how each spends a budget, and how they were judged."""
    budgets = ", ".join(str(b) for b in sorted(result.table["budget"].unique()))
    damage = "The damage is KL(as it is || spliced) over the vocabulary, in nats a token, with the layer's states of "
    sentences = [
        f"On the states of layer {result.layer} that codebook run {spec.run[:12]} used, we fitted k-means "
        "[@lloyd-1982], spherical k-means with 16 gains [@dhillon-modha-2001], product [@jegou-2011] and residual "
        "[@juang-gray-1982] codebooks, matching pursuit [@mallat-zhang-1993] on a dictionary learnt by the method of "
        "optimal directions [@engan-1999] and on one of real states [@leask-2025], and a TopK sparse autoencoder "
        f"[@gao-2024], in budgets of {budgets} bits a token.",
        "Sparse codebooks send the binomial logarithm of their choice of atoms and 4 bits a coefficient, which is "
        "never negative; books of the others send the logarithm of their size.",
        f"All numbers are of {result.sizes[1]:,} tokens of texts that nothing was fitted to; F1 is of the code that is "
        "best on the fitted tokens, the mean over a list of concepts written before; stability is the usage-weighted "
        "Jaccard overlap of each code with its like in a codebook of the next seed.",
    ]
    if result.table["kl"].notna().any():
        sentences.append(f"{damage}{spec.texts} held-out texts replaced by codes at every token but the first.")
    sentences.append("Intervals are 95 % percentile bootstrap intervals over texts (1,000 resamples) [@efron-1979].")
    return tuple(sentences)
