"""What a lens and an intervention did, in the sentences of a paper's methods section."""

from probes.intervention.ablation import AblationResult, AblationSpec
from probes.intervention.ahead import AheadResult, AheadSpec
from probes.intervention.beams import BeamsResult, BeamsSpec
from probes.intervention.erasure import ErasureResult, ErasureSpec
from probes.intervention.lens import LensResult, LensSpec
from probes.intervention.patching import PatchingResult, PatchingSpec
from probes.intervention.steering import SteeringResult, SteeringSpec

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


def ahead(spec: AheadSpec, result: AheadResult) -> tuple[str, ...]:
    """Describe how tokens ahead were looked for, and the floors."""
    return (
        f"We read what {result.rates['layer'].nunique()} layers predict by the logit lens [@nostalgebraist-2020], in "
        f"Transformers [@wolf-2020], at {result.places} places of {result.texts} texts, and counted how often the "
        f"likeliest token (and one of the five likeliest) is the one up to {spec.furthest} places on [@pal-2023].",
        "Beside it stand the commonest tokens at those places, and the same predictions held against the tokens of "
        "shuffled places; intervals are 95 % percentile bootstrap intervals over texts (1,000 resamples) "
        "[@efron-1979].",
    )


def beams(spec: BeamsSpec, result: BeamsResult) -> tuple[str, ...]:
    """Describe the search and what its texts are compared with."""
    how = (
        f"diverse beam search [@vijayakumar-2018] in {spec.groups} groups, a token costing {spec.diversity:g} nats for "
        "each beam of an earlier group that takes it"
        if spec.groups > 1
        else "beam search"
    )
    return (
        f"From a text we searched for its likeliest continuations of {spec.tokens} tokens by {how}, {spec.beams} beams "
        "in all, in Transformers [@wolf-2020]; log-probabilities are not divided by length.",
        f"Beside them stand the text of the likeliest token each time, and {spec.samples} samples drawn at temperature "
        "1, whose mean log-probability has a 95 % percentile bootstrap interval (1,000 resamples) [@efron-1979].",
    )


def patching(spec: PatchingSpec, result: PatchingResult) -> tuple[str, ...]:
    """Describe activation patching and its control."""
    control = " As a control, the state of the neighbouring token was put in at the same layer." if spec.control else ""
    kind = {"denoise": "of the first prompt into the second", "noise": "of the second prompt into the first"}
    what, where = {
        "residual": ("single hidden states", f"at every token and each of the {result.depth + 1} layers"),
        "attention": ("single outputs of the attention", f"at every token and each of the {result.depth} blocks"),
        "mlp": ("single outputs of the MLP", f"at every token and each of the {result.depth} blocks"),
        "heads": ("the outputs of single heads", f"at all tokens at once, in each of the {result.depth} blocks"),
    }[spec.site]
    return (
        f"By activation patching [@meng-2022] [@zhang-nanda-2024] {what} {kind[spec.direction]} were put in during "
        f"the forward pass, {where}.",
        f"We measured {MEASURES[spec.metric]}, and report which part of the difference between the two prompts a patch "
        f"recovers.{control}",
    )


def erasure(spec: ErasureSpec, result: ErasureResult) -> tuple[str, ...]:
    """Describe the erasure, its fresh probe and its controls."""
    how = {
        "leace": "by least-squares concept erasure [@belrose-2023], the least affine edit after which no linear probe "
        "beats the majority",
        "inlp": f"by {spec.rounds} rounds of iterative nullspace projection [@ravfogel-2020]",
        "mean difference": "by projecting away the differences between the classes' means",
    }[spec.method]
    classes = f"the classes of '{spec.label}'" if spec.label else "code against English"
    return (
        f"We erased {classes} from the states of layer {result.layer} {how} (rank {result.rank}), in Transformers "
        "[@wolf-2020]; half of the texts fit the eraser and the probes, the other half is measured.",
        "A fresh linear probe was fitted by least squares on edited states, each class weighing the same.",
        f"The price is the loss in nats a token, beside {result.draws} random subspaces of equal rank and "
        f"{result.draws} of equal rank and variance; intervals are 95 % percentile bootstrap intervals over "
        "texts and draws (1,000 resamples) [@efron-1979].",
    )


def ablation(spec: AblationSpec, result: AblationResult) -> tuple[str, ...]:
    """Describe how blocks, or parts of them, were left out."""
    blocks = ", ".join(result.changes["layer"].drop_duplicates())
    what = {
        "blocks": "what a block adds to the residual stream was left out, one block at a time",
        "parts": "what the attention or the MLP of a block gives was left out, one at a time",
        "heads": "the mixed values of one attention head were left out, one head at a time",
    }[result.site]
    ways = {
        "zero": "nothing",
        "mean": "its mean over other texts",
        "resample": "what another token of the same texts got from it",
    }
    instead = [ways[way] for way in ways if way in set(result.changes["way"])]
    said = f"{', '.join(instead[:-1])}, or {instead[-1]}" if len(instead) > 1 else instead[0]
    control = (
        " As a control the same states were changed by as much, token by token, by one random rotation"
        f"{' (of heads before the last projection of the attention)' if result.site == 'heads' else ''}; "
        "its interval is over texts only."
        if spec.control
        else ""
    )
    return (
        f"In Transformers [@wolf-2020] {what} ({blocks} of {result.depth}), and replaced by {said}.{control}",
        f"We report the change of the loss on {result.texts} texts, in nats a token, with 95 % percentile bootstrap "
        "intervals over texts (1,000 resamples) [@efron-1979].",
    )


def steering(spec: SteeringSpec, result: SteeringResult) -> tuple[str, ...]:
    """Describe the vector, its sweep and its controls."""
    how = {
        "mean difference": "the mean of these differences",
        "principal direction": "the principal direction of these differences [@liu-2024], as long as their mean",
    }[spec.method]
    kept = "; states were scaled back to their length" if spec.keep_norm else ""
    return (
        f"From {result.pairs} pairs of texts we took the differences of the states of their last tokens at layer "
        f"{result.layer}, in Transformers [@wolf-2020]; the steering vector is {how}, and was added to every state of "
        f"that layer but the first, at strengths of up to {spec.most:g}{kept}.",
        "The effect is the log odds of the wanted next words over the others after neutral prompts, the price the "
        f"change of the loss on other texts; both stand beside {result.draws} random directions of the same length.",
        "Intervals are 95 % percentile bootstrap intervals over prompts or texts, and draws (1,000 resamples) "
        "[@efron-1979].",
    )
