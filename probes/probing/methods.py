"""What a probing run did, in the sentences of a paper's methods section."""

from probes.probing.analysis import ProbingResult, ProbingSpec
from probes.probing.labels import LABELS
from probes.probing.minimal import OWN, PairsResult, PairsSpec
from probes.probing.problems import PENALTIES
from probes.probing.structural import StructuralResult, StructuralSpec

PROBES = {
    ("linear", "accuracy"): "multinomial logistic regression",
    ("linear", "R²"): "ridge regression",
    ("centroid", "accuracy"): "the nearest class mean",
    ("mlp", "accuracy"): "a network with one hidden layer of 32 units",
    ("mlp", "R²"): "a network with one hidden layer of 32 units",
}


def probing(spec: ProbingSpec, result: ProbingResult) -> tuple[str, ...]:
    """Describe the label, the probes, how they were chosen and tested, and the controls."""
    train, valid, test = result.sizes
    asked = LABELS[spec.label].title if spec.label in LABELS else "a column of the corpus"
    floors = ["layer 0", "the words alone"]
    if spec.random_init:
        floors.append("the same architecture with random weights")
    if spec.control:
        floors.append("a control task whose labels are drawn for each word [@hewitt-liang-2019]")
    edited = spec.label in LABELS and not LABELS[spec.label].answers
    task = " The task follows CuBERT [@kanade-2020]." if edited else ""
    return (
        f"We probed each of the {len(result.layers)} layers for {asked}, {spec.unit} by {spec.unit}, with "
        f"{PROBES[spec.probe, result.measure]} on standardised states: about {train:,} places trained, {valid:,} "
        f"validated and {test:,} tested, split by the content of their texts.{task}",
        f"Penalties {', '.join(f'{p:g}' for p in PENALTIES)} were tried and chosen by the loss on validation, for each "
        f"layer and each of {spec.seeds} draws of what trains; the best layer was chosen on validation and is reported "
        f"on test. The score is {result.measure}; intervals are 95 % percentile bootstrap intervals over texts and "
        "draws (1,000 resamples) [@efron-1979].",
        f"As baselines we give {', '.join(floors)}.",
    )


_EXCHANGED = {
    "exception": "exchanging the exceptions that two functions catch, which is our own (the names are "
    "those of a task of CuBERT [@kanade-2020])",
    "docstring": "exchanging the docstrings of two functions, which is our own (after a task of CuBERT [@kanade-2020])",
}
_READ = {
    "docstring": "how the mean of the docstring and that of the function differ, and their product",
    "swapped": "the mean over the operator whose sides are exchanged",
}
_DIFFERING = "the mean over the words that differ"


def pairs(spec: PairsSpec, result: PairsResult) -> tuple[str, ...]:
    """Describe the pairs, the probes, how they were chosen and tested, and the rivals."""
    train, valid, test = result.sizes
    title = LABELS[spec.label].title if spec.label in LABELS else ""
    what = _EXCHANGED.get(spec.label) or (
        f"the edit “{title}” [@kanade-2020]" if title else "two columns of the corpus"
    )
    where = "the mean of the whole text" if spec.at == "text" else _READ.get(spec.label, _DIFFERING)
    floors = [name for name in result.baselines["name"] if name != OWN]
    own = (
        " We also report which text of a pair the model itself gives the higher log-probability [@warstadt-2020], "
        "summed over the tokens that have one before them: of a tokenizer that adds none, the first is not counted."
        if OWN in set(result.baselines["name"])
        else ""
    )
    return (
        f"Minimal pairs come from {what}. At each of the {len(result.layers)} layers we trained logistic regression on "
        f"standardised states ({where}) to say which text is right, from "
        f"{', '.join(f'{k:,}' for k in sorted(set(result.scores['pairs'])))} pairs: about {train:,} pairs trained, "
        f"{valid:,} validated and {test:,} tested, split by the content of their texts.",
        "The score is the share of test pairs whose right text has the higher log-odds of being right, ties counting a "
        f"half. Penalties {', '.join(f'{p:g}' for p in PENALTIES)} were chosen by the paired logistic loss on all "
        f"validation pairs for each layer, number of pairs and each of {spec.seeds} draws; the best layer was chosen "
        "on validation and is reported on test. Intervals are 95 % percentile bootstrap intervals over what the pairs "
        f"were made of and draws (1,000 resamples) [@efron-1979].{own}",
        f"As baselines we give {', '.join(floors)}.",
    )


def structural(spec: StructuralSpec, result: StructuralResult) -> tuple[str, ...]:
    """Describe the probes, what they are fitted to, the measures, and the controls."""
    train, valid, test = result.sizes
    floors = ["a left-to-right chain of words", "layer 0"]
    if spec.random_init:
        floors.append("the same architecture with random weights")
    if spec.control:
        floors.append("control trees, made of numbers drawn for each word [@hewitt-liang-2019]")
    return (
        f"We fitted structural probes [@hewitt-manning-2019] of rank {result.rank} to dependency trees at each of the "
        f"{len(result.layers)} layers: squared distances of projected states to the number of edges between two words, "
        "and squared lengths, about the mean state, to the depth of a word. Features that spread over three times as "
        "far as the median one are scaled down to that. States of sub-tokens are averaged over "
        f"each word. {train:,} sentences trained, {valid:,} validated and {test:,} tested, split by their content; "
        f"the absolute error is minimised with Adam for at most {spec.steps:,} steps of 20 sentences, and the "
        "projection that did best on validation is kept.",
        "We report the share of the edges that are in the minimum spanning tree of the distances (UUAS) and the share "
        "of sentences whose root has the least depth, both without punctuation, and Spearman correlations of distances "
        "and depths, averaged within and then over sentence lengths from 5 to 50 words. The best layers were chosen on "
        f"validation by the correlations; all is done for {spec.seeds} draws of what trains and validates, and "
        "intervals are 95 % percentile bootstrap intervals over test sentences and draws (1,000 resamples) "
        "[@efron-1979].",
        f"As baselines we give {', '.join(floors)}.",
    )
