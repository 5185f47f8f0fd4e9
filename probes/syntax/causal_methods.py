"""What a removal and a transfer did, in the sentences of a paper's methods section."""

from probes import store
from probes.syntax.analysis import SyntaxResult, SyntaxSpec
from probes.syntax.causal import CODE, ENGLISH, CausalResult, CausalSpec
from probes.syntax.methods import INTERVALS, probe
from probes.syntax.transfer import TransferResult, TransferSpec

TASKS = {
    "next": "next-token loss",
    "masked": "loss on 15 % of tokens, masked [@devlin-2019]",
}


def causal(spec: CausalSpec, result: CausalResult) -> tuple[str, ...]:
    """Describe the removal, its controls and its loss; before it the probe, when its run is still stored."""
    layers = ", ".join(dict.fromkeys(result.changes["layer"]))
    said = [
        f"To ask whether the model uses its syntactic subspace we removed it [@elazar-2021]: during the forward pass "
        f"the states of one layer ({layers}) were projected onto the orthogonal complement of the {result.rank} "
        f"dimensions that the probe of run {spec.run} reads there, about their mean, which stays.",
        "The first token of a text, an attention sink in many decoders [@xiao-2024], and tokens that the tokenizer "
        "adds were left as they are, and what is predicted from them was not counted.",
        f"We report the {TASKS[result.task]}, in nats a token, averaged over tokens and then over "
        f"{result.sizes[CODE]:,} functions on which the probe was neither trained nor chosen and "
        f"{result.sizes[ENGLISH]:,} English texts; mean and covariance of the states are those of other texts of the "
        "same kind.",
        f"Controls are {result.draws} random subspaces of equal rank, drawn uniformly, and {result.draws} of equal "
        "rank and variance, drawn with the covariance of the states raised to the power at which they hold the same "
        "share of variance.",
        "Intervals are 95 % percentile bootstrap intervals over texts and random subspaces (1,000 resamples) "
        "[@efron-1979]; differences are of the same texts.",
    ]
    if spec.keep:
        said.append("In the reverse edit the states were projected onto the subspace instead.")
    return (*_probe(spec.run), *said)


def transfer(spec: TransferSpec, result: TransferResult) -> tuple[str, ...]:
    """Describe a direct transfer; before it the probe, when its run is still stored."""
    runs = ", ".join(f"{digest} ({name})" for digest, name in zip(spec.runs, result.names, strict=True))
    return (
        *_probe(spec.runs[0]),
        f"The probes of each of the runs {runs} were applied without any training to the test functions of the others "
        "[@hernandez-lopez-2022], and compared with those runs' own probes and baselines on the same functions, at the "
        f"layer whose own probes do best on validation on average ({result.layer}). Subspaces were compared by their "
        "principal angles, and by the eigenvalues of their mean projector, beside those of random subspaces of that "
        "rank.",
        INTERVALS,
    )


def _probe(digest: str) -> tuple[str, ...]:
    trained = store.asked(digest)
    found = store.load(digest, SyntaxResult) if trained and trained["kind"] == SyntaxSpec.kind else None
    return probe(SyntaxSpec.model_validate(trained["spec"]), found) if trained and found else ()
