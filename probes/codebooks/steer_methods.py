"""What a steering or patching run did, in the sentences of a paper's methods section."""

from probes.codebooks.patch import CodePatchResult, CodePatchSpec
from probes.codebooks.steer import MEANS, PROMPTED, CodeSteerResult, CodeSteerSpec


def steer(spec: CodeSteerSpec, result: CodeSteerResult) -> tuple[str, ...]:
    """Describe what was added where, how texts were written, and what they were compared with."""
    names = set(result.samples["condition"])
    length = "to move each state as far as the codes move it" if result.forced else "to equal length"
    sentences = [
        _moved(spec, result),
        f"{spec.samples} texts of at most {spec.tokens} tokens were drawn at temperature {spec.temperature:g} and "
        f"top-p {spec.top_p:g} [@holtzman-2020]; all conditions share their random numbers. The control adds the "
        f"vectors of other codes of the same books, drawn at random and scaled {length}.",
    ]
    if MEANS in names:
        sentences.append(
            "The difference of means is that of the states of tokens that match the topic and of all others, in texts "
            f"of the run, scaled {length}."
        )
    if PROMPTED in names:
        sentences.append("The prompted texts are the plain model's, from a prompt that asks for the topic in words.")
    sentences.append(
        "Perplexity is that of prompt and text under the plain model; distinct-n [@li-2016] and repetition are shares "
        "of runs of words. Intervals are 95 % Wilson intervals of rates [@wilson-1927] and percentile bootstrap "
        "intervals over samples otherwise (1,000 resamples) [@efron-1979]."
    )
    return tuple(sentences)


def _moved(spec: CodeSteerSpec, result: CodeSteerResult) -> str:
    """Say what was done to the states, or to the slots of the model's own codebooks."""
    hows = {
        "activate": "was added to the state of every token but the first",
        "suppress": "was taken from the states of tokens that take the code",
        "swap": "was replaced by another's in the states of tokens that take the code",
    }
    puts = {
        "activate": "were put into the least similar slots of their codebooks at every token but the first",
        "suppress": "were taken out of their slots",
        "swap": "were replaced by others in their slots",
    }
    if result.forced:
        return (
            f"{len(result.moves)} codes of a model that was trained with its codebooks {puts[spec.how]} while it wrote "
            f"on from a prompt, after Codebook Features [@tamkin-2023] (codebook run {spec.run[:12]}); states were "
            f"moved {spec.strength:g} times as far as the codes themselves move them."
        )
    return (
        f"The vector of {len(result.moves)} codes of codebook run {spec.run[:12]} (what a code stands for, less the "
        f"layer's mean), times {spec.strength:g}, {hows[spec.how]}, while the model wrote on from a prompt; its "
        "weights were not changed, in contrast to Codebook Features [@tamkin-2023], whose codes replace the states."
    )


def patch(spec: CodePatchSpec, result: CodePatchResult) -> tuple[str, ...]:
    """Describe what was put where, and how its effect was measured."""
    return (
        f"At {len(result.layers)} layers, and at each place of a prompt alone, counted from its end, the state was "
        "moved by what the codes of another prompt's state at the same place stand for, less what its own codes stand "
        f"for (codebook run {spec.run[:12]}), after the patching of codes in Codebook Features [@tamkin-2023].",
        "The effect is one minus the Jensen-Shannon divergence between the next-token distribution after the patch "
        "and that of the other prompt, over the same before [@lin-1991]; beside it stand whole states put in the same "
        "place, and the codes of tokens drawn from the run.",
    )
