"""What a check-up did, in the sentences of a paper's methods section."""

from probes.checkup.model import ModelResult, ModelSpec
from probes.checkup.size import SizeResult, SizeSpec
from probes.checkup.tokens import TokensResult, TokensSpec

_LIBRARY = "Transformers [@wolf-2020]"


def size(spec: SizeSpec, result: SizeResult) -> tuple[str, ...]:
    """Describe how a model was weighed."""
    read = "text" if spec.texts == 1 else "texts"
    return (
        f"Parameters were taken as {result.counted}, through {_LIBRARY}; no weight was read.",
        f"Memory is that of the weights in each precision and of the activations of one forward pass over {spec.texts} "
        f"{read} of {spec.tokens} tokens.",
    )


def model(spec: ModelSpec, result: ModelResult) -> tuple[str, ...]:
    """Describe the self-check of a model."""
    return (
        f"Before use, the hidden states read at every one of the {result.depth + 1} layers were compared with what "
        f"{_LIBRARY} itself returns for them, batched and one by one: {result.passed} of {result.asked} checks passed, "
        f"with differences of at most {result.largest:.0e}.",
    )


def tokens(spec: TokensSpec, result: TokensResult) -> tuple[str, ...]:
    """Describe how a text was cut, and aligned to words."""
    words = f"leaves of its {spec.language} syntax tree" if spec.language else "words"
    return (
        f"The text was cut by the model's own tokenizer ({result.tokenizer}) through {_LIBRARY}; tokens are aligned to "
        f"{words} by character offsets.",
    )
