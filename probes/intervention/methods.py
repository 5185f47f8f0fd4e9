"""What a lens and an intervention did, in the sentences of a paper's methods section."""

from probes.intervention.lens import LensResult, LensSpec
from probes.intervention.patching import PatchingResult, PatchingSpec

MEASURES = {
    "logit difference": "the logit of the first answer less that of the second",
    "probability": "the probability of the first answer",
    "rank": "the rank of the first answer",
    "kl": "the Kullback-Leibler divergence from the prediction of the prompt that the states come from",
}


def lens(spec: LensSpec, result: LensResult) -> tuple[str, ...]:
    """Describe the logit lens and its control."""
    task = "the next token at every position" if result.task == "next" else "each token, masked one at a time"
    return (
        f"We read what each of the {result.depth + 1} layers predicts ({task}) by the logit lens "
        "[@nostalgebraist-2020]: its hidden states were put through the model's own head, with and without the "
        "model's final norm, in Transformers [@wolf-2020].",
        "Entropies and divergences from the last layer's prediction are in nats; a prediction has settled at the first "
        "layer from which on its likeliest token does not change.",
        "The control is the same with the rows of the head shuffled.",
    )


def patching(spec: PatchingSpec, result: PatchingResult) -> tuple[str, ...]:
    """Describe activation patching and its control."""
    control = " As a control, the state of the neighbouring token was put in at the same layer." if spec.control else ""
    kind = {"denoise": "of the first prompt into the second", "noise": "of the second prompt into the first"}
    return (
        f"By activation patching [@meng-2022] [@zhang-nanda-2024] single hidden states {kind[spec.direction]} were put "
        f"in during the forward pass, at every token and each of the {result.depth + 1} layers.",
        f"We measured {MEASURES[spec.metric]}, and report which part of the difference between the two prompts a patch "
        f"recovers.{control}",
    )
