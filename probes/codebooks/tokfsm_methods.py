"""What a TokFSM answer did, in the sentences of a paper's methods section."""

from probes.codebooks.fsm.judging import MOST
from probes.codebooks.tokfsm import TOKENS, TokfsmResult, TokfsmSpec


def tokfsm(spec: TokfsmSpec, result: TokfsmResult) -> tuple[str, ...]:
    """Describe the machine, the model, what it was held against and how codes and neurons were chosen."""
    half = min(MOST, spec.texts)
    return (
        "TokFSM [@tamkin-2023] is a machine of 100 states written in two digits, each with ten equally likely "
        "successors drawn from one seed; a text is a start token and a walk from a state drawn evenly, cut to "
        f"{TOKENS} tokens.",
        f"The loss is a mean over {spec.texts:,} new texts, beside the exact loss of a guesser who knows the machine; "
        f"legal transitions are counted in as many texts drawn from the model at temperature 1, with a normal interval "
        "over texts.",
        f"For each of {result.found} states, a code and a neuron (an input of a codebook) were chosen by precision on "
        f"{half} texts and judged on {half} others, the neuron above the threshold at which it has the code's recall.",
        f"Codes were exchanged between {spec.pairs} pairs of states at the last token; the Jensen-Shannon divergence "
        "of the next digit's distribution from the other state's is given as a share of that without an exchange.",
        "The same was done after random walks of four states, with the codes of all digits of the last one; the model "
        "then said one more state: the share that the state whose codes were put in may lead to, with its Wilson "
        "interval.",
    )
