"""What an attribution did, in the sentences of a paper's methods section."""

from probes.attribution.analysis import AttributionResult, AttributionSpec
from probes.attribution.names import ATTENTION, CITED, COMPLETE, LAYERED


def attribution(spec: AttributionSpec, result: AttributionResult) -> tuple[str, ...]:
    """Describe how one text was explained."""
    said = f"A model's {spec.target} was attributed to the tokens of a text by {spec.method} [@{CITED[spec.method]}]"
    library = "" if spec.method in ATTENTION | {"occlusion by node"} else ", with Captum [@kokhlikyan-2020]"
    steps = f", in {spec.steps} steps" if "gradients" in spec.method or spec.method in LAYERED else ""
    lines = [
        f"{said}{library}{steps}, through Transformers [@wolf-2020].",
        f"A token that is away is replaced by {result.baseline} at the input of the first block; tokens that the "
        "tokenizer adds stay.",
    ]
    if spec.method in COMPLETE:
        lines.append(
            f"The attributions add up to the score less that of the baseline with an error of {result.error:.2%}."
        )
    if spec.draws:
        lines.append(
            f"Deletion and insertion curves [@petsiuk-2018] stand beside those of {spec.draws} random attributions."
        )
    return tuple(lines)
