"""What a run about the quality of embeddings did, in the sentences of a paper's methods section."""

from probes.quality.compression import CompressionResult, CompressionSpec
from probes.quality.grid import GridResult, GridSpec
from probes.quality.pooling import PoolingResult, PoolingSpec
from probes.quality.reads import ReadsPairs

POOLED = {"mean": "mean pooling", "weighted": "mean pooling weighted by position", "last": "the last token",
          "first": "the first token"}  # fmt: skip
SOURCES = {
    "lee": "[@lee-2005]",
    "wordsim": "[@finkelstein-2002]",
    "simlex": "[@hill-2015]",
}


def judged(spec: ReadsPairs, measure: str, pairs: int, title: str) -> str:
    """Describe the pairs and how quality is measured on them."""
    cited = f" {SOURCES[spec.pairs]}" if spec.pairs in SOURCES else ""
    if measure == "Spearman":
        how = "Spearman's correlation of cosine similarities with the scores that people gave"
    else:
        how = (
            "the mean reciprocal rank of a text's partner among all others by cosine similarity, in both directions, "
            "ties counted against it"
        )
    return f"Quality is {how}, over {pairs} pairs of {escaped(title)}{cited}, drawn with seed {spec.seed}."


def escaped(title: str) -> str:
    """Return a title that may hold a file's name, without what Markdown would read as a sign."""
    return "".join(c if c.isalnum() or c in " -'.,_" else " " for c in title)


def grid(spec: GridSpec, result: GridResult) -> tuple[str, ...]:
    """Describe the cells, the intervals, the nulls and how the named cells were chosen."""
    floor = ", and the same cells of the same architecture with random weights" if spec.random_init else ""
    return (
        f"We evaluated the text vectors ({POOLED[spec.pooling]}) of each of {len(result.layers)} layers cut to their "
        f"first d dimensions, after which they were brought to length 1, for {result.cells.dims.nunique()} values of d "
        "up to the width [@li-2024] [@zhuang-2024].",
        judged(spec, result.measure, result.pairs, result.title),
        "Intervals are 95 % percentile bootstrap intervals over pairs, or over texts where there are more pairs than "
        "texts; the best cell and the cheapest that keeps nine tenths of its quality were chosen on one half of the "
        "pairs and are reported on the other.",
        f"As controls we give as many dimensions drawn at random ({spec.draws} draws), as many principal axes of "
        f"{'other texts' if result.measure == 'Spearman' else 'other pairs'}{floor}.",
    )


def compression(spec: CompressionSpec, result: CompressionResult) -> tuple[str, ...]:
    """Describe what was stored how, what it learnt from, and how its worth was measured."""
    return (
        f"We stored the text vectors ({POOLED[spec.pooling]}) of layer {result.layer} in half precision, in 8 bits "
        "with a range a row, by product quantisation [@jegou-2011] with 16 codes a part, by their first principal "
        "components, by their first dimensions, by their largest entries, by signs of random projections "
        "[@charikar-2002], and by signs about the median; axes, codebooks and medians were fitted on other texts.",
        judged(spec, result.measure, result.pairs, result.title),
        "The asking side is exact but for signs. Intervals are 95 % percentile bootstrap intervals, of differences in "
        "the same resamples; the named storage was chosen on one half of the pairs and is reported on the other.",
    )


def pooling(spec: PoolingSpec, result: PoolingResult) -> tuple[str, ...]:
    """Describe the poolings, the masks, what was trained on what, and how the named pooling was chosen."""
    cited = " ".join(SOURCES[name] for name in spec.tasks if name in SOURCES)
    sets = ", ".join(f"{escaped(name)} ({n} pairs)" for name, n in result.pairs.items())
    made = [
        f"We pooled the tokens of layer {result.layer} into one vector a text: mean, mean weighted by position, last "
        "token, first token, maximum, and the words of the vocabulary with the largest maximum over tokens of their "
        "product with the model's embedding table, alone and beside the first token [@xiao-2023]."
    ]
    if spec.latents:
        made.append(
            f"Latent attention with {spec.latents} latents [@lee-2025] was trained for {spec.steps} steps from "
            f"{spec.seeds} starts on texts kept aside, by InfoNCE between texts that belong together or, in rated "
            "sets, between two halves of one text's tokens."
        )
    if result.scores["mask"].nunique() > 1:
        made.append(
            f"Beside the model's own {result.own} attention mask we imposed the other, with which it was not trained."
        )
    made.append(
        f"Quality is Spearman's correlation of cosines with people's scores, or the mean reciprocal rank of a text's "
        f"partner, on {sets}{f' {cited}' if cited else ''}, drawn with seed {spec.seed}; intervals are 95 % percentile "
        "bootstrap intervals inside each set and of their mean, and the named pooling was chosen on one half of the "
        "pairs and is reported on the other."
    )
    return tuple(made)
