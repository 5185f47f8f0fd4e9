"""The words a question about causes is put in: targets, methods and baselines."""

from typing import Literal

Target = Literal["next token", "a token", "masked token", "whole text", "similarity", "a code", "a class", "a span"]
Method = Literal[
    "integrated gradients",
    "gradient x input",
    "DeepLift",
    "layer integrated gradients",
    "layer conductance",
    "feature ablation",
    "Shapley sampling",
    "KernelSHAP",
    "occlusion by node",
    "attention",
    "attention rollout",
]
Baseline = Literal["mean", "zero", "padding", "mask"]

COMPLETE = frozenset(
    {
        "integrated gradients",
        "DeepLift",
        "layer integrated gradients",
        "layer conductance",
        "Shapley sampling",
        "KernelSHAP",
    }
)
"""Methods whose attributions add up to the score less the score of the baseline."""
LAYERED = frozenset({"layer integrated gradients", "layer conductance"})
ATTENTION = frozenset({"attention", "attention rollout"})
CITED = {
    "integrated gradients": "sundararajan-2017",
    "gradient x input": "shrikumar-2017",
    "DeepLift": "shrikumar-2017",
    "layer integrated gradients": "sundararajan-2017",
    "layer conductance": "dhamdhere-2019",
    "feature ablation": "zeiler-fergus-2014",
    "Shapley sampling": "castro-2009",
    "KernelSHAP": "lundberg-lee-2017",
    "occlusion by node": "zeiler-fergus-2014",
    "attention": "vaswani-2017",
    "attention rollout": "abnar-zuidema-2020",
}
"""The paper of each method, by its key in the bibliography."""
SAID = {
    "next token": "prediction of the next token",
    "a token": "prediction of a token of the text",
    "masked token": "prediction of a masked token",
    "whole text": "log-probability of the whole text",
    "similarity": "similarity of two texts (cosine of the mean last states)",
    "a code": "margin by which a token's state takes a code of a codebook over every other",
    "a class": "margin by which a linear probe gives a token's state one class over every other",
    "a span": "margin by which a structural probe gives a constituent one label over every other",
}
"""What is explained, in the sentences of a paper."""
CODE_AT = "probes.codebooks.margins:margin"
"""What makes a number of a code, by name: rooms do not import each other."""
MARGINS_AT = {"a class": "probes.probing.margins:margin", "a span": "probes.syntax.margins:margin"}
TEXT_AT = "probes.syntax.margins:text_of"
"""What makes a number of a class or a label, and the text in which a span is: by name, as above."""
BASELINES = {
    "mean": "the mean of all token embeddings",
    "zero": "a vector of zeros",
    "padding": "the padding token",
    "mask": "the mask token",
}
"""What stands in a token's place where it is away."""


def seen(text: str) -> str:
    """Return a token as it may stand in a sentence: blanks around it gone, what has no glyph spelt out."""
    text = text.strip(" ") or text
    return text if text.isprintable() and text.strip() else text.encode("unicode_escape").decode().replace(" ", "␣")
