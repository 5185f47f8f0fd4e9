"""What the syntax analyses did, in the sentences of a paper's methods section."""

from probes import store
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.snippet import SnippetResult, SnippetSpec

INTERVALS = (
    "Intervals are 95 % percentile bootstrap intervals over test functions and training seeds "
    "(1,000 resamples) [@efron-1979]."
)

OBJECTIVES = {
    "published": "squared distances between neighbouring words order the splits of the tree (pairwise hinge loss over "
    "all pairs of gaps), and their differences name the constituents",
    "strata": "each span of the tree is split where the weighted squared distance between neighbouring words, less "
    "that between the words its two parts begin with, is highest (cross-entropy over the gaps of the span alone), and "
    "the words at the split and around the span name it",
}


def probe(spec: SyntaxSpec, result: SyntaxResult) -> tuple[str, ...]:
    """Describe a probe trained on every layer, its controls and how it was scored."""
    train, valid, test = result.sizes
    reads = "source code" if spec.input == "source" else "leaves of the syntax trees, joined by blanks"
    seeds = f" Scores are averaged over {spec.seeds} training seeds." if spec.seeds > 1 else ""
    decoded = " Trees were decoded as the likeliest of all (CKY)." if spec.decoding == "chart" else ""
    recipe = "the published" if spec.recipe == "published" else "Strata's"
    sentences = [
        f"We trained an AST-Probe [@hernandez-lopez-2022], a structural probe [@hewitt-manning-2019] for the syntax "
        f"trees of code, on each of the {len(result.layers)} layers of the model, reading {reads}.",
        f"A linear map to a subspace of rank {spec.rank} was learnt together with read-outs of it: "
        f"{OBJECTIVES[spec.recipe]}; a penalty of weight {spec.orthogonality:g} kept the axes orthonormal. We followed "
        f"{recipe} recipe: Adam, learning rate {spec.rate:g}, {spec.epochs} epochs, batches of {spec.batch}.{decoded}",
        f"The data are {spec.language} functions of {spec.min_words} to {spec.max_words} words: {train:,} for "
        f"training, {valid:,} for choosing epoch and layer, {test:,} for testing; the split is by content, so equal "
        f"code never sits on two sides.{seeds}",
        "We report F1 of labelled constituents (multiset intersection). The best layer was chosen on validation and "
        "is reported on test.",
    ]
    if spec.control:
        sentences.append(
            "As a control task [@hewitt-liang-2019] the same probe was trained on trees that depend on word identity "
            "alone; the difference is the probe's selectivity."
        )
    if spec.random_init:
        sentences.append("As a baseline we probed the same architecture with random weights.")
    return (*sentences, INTERVALS)


def snippet(spec: SnippetSpec, result: SnippetResult) -> tuple[str, ...]:
    """Describe the tree of one snippet, read with a trained probe, which is described too when it is still stored."""
    trained = store.asked(spec.run)
    found = store.load(spec.run, SyntaxResult) if trained and trained["kind"] == SyntaxSpec.kind else None
    said = (
        f"For one snippet of {len(result.words)} words the probe of run {spec.run} was applied to layer "
        f"{result.layer}; gold tree and decoded tree are compared by F1 of labelled constituents, and words are placed "
        "on the two main axes of the syntactic subspace [@hernandez-lopez-2022].",
    )
    before = probe(SyntaxSpec.model_validate(trained["spec"]), found) if trained and found else ()
    return (*before, *said)
