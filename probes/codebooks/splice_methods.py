"""What a splice run did, in the sentences of a paper's methods section."""

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
