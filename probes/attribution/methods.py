"""What an attribution did, in the sentences of a paper's methods section."""

from probes.attribution.analysis import AttributionResult, AttributionSpec
from probes.attribution.names import ATTENTION, CITED, LAYERED, SAID
from probes.attribution.trust import TrustResult, TrustSpec


def attribution(spec: AttributionSpec, result: AttributionResult) -> tuple[str, ...]:
    """Describe how one text was explained."""
    said = f"A model's {SAID[spec.target]} was attributed to its tokens by {spec.method} [@{CITED[spec.method]}]"
    library = "" if spec.method in ATTENTION | {"occlusion by node"} else ", with Captum [@kokhlikyan-2020]"
    steps = f", in {spec.steps} steps" if "gradients" in spec.method or spec.method in LAYERED else ""
    lines = [
        f"{said}{library}{steps}, through Transformers [@wolf-2020].",
        f"A token that is away is replaced by {result.baseline} at the input of the first block; tokens that the "
        "tokenizer adds stay.",
    ]
    if result.error is not None:
        lines.append(
            f"The attributions add up to the score less that of the baseline with an error of {result.error:.2f} %."
        )
    if spec.draws:
        lines.append(
            f"Deletion and insertion curves [@petsiuk-2018] stand beside those of {spec.draws} random attributions."
        )
    return tuple(lines)


def trust(spec: TrustSpec, result: TrustResult) -> tuple[str, ...]:
    """Describe how methods of attribution were judged."""
    cited = "; ".join(f"{method} [@{CITED[method]}]" for method in spec.methods)
    lines = [
        f"For {result.texts} texts, the {SAID[result.target]} was attributed with Captum [@kokhlikyan-2020] through "
        f"Transformers [@wolf-2020], by {cited}; a token that is away is replaced by {result.baseline}.",
        f"The tokens with the largest values were taken out and put in first [@petsiuk-2018], beside {spec.draws} "
        "random orders of each text; intervals are 95 % bootstraps over texts.",
    ]
    if spec.sanity:
        lines.append(
            "As a sanity check [@adebayo-2018] the numbers of every weight were shuffled, block by block from the top, "
            "and the attributions compared with the originals by Spearman's correlation over tokens."
        )
    return tuple(lines)
