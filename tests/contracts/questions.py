"""The smallest question of every kind, room by room: the fewest texts, layers and draws that still give an answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small import code_folder, line_folder, pair_table, small_alignment, small_likeness, small_spec

from probes import engine
from probes.attribution import AttributionSpec, TrustSpec
from probes.checkup import ModelSpec, SizeSpec, TokensSpec
from probes.codebooks import (
    CardSpec,
    CodebookSpec,
    CodedSpec,
    CodePatchSpec,
    CodeSteerSpec,
    ConceptsSpec,
    EqualBitsSpec,
    SearchSpec,
    SpliceSpec,
    TokfsmSpec,
    browse,
)
from probes.contract import Spec
from probes.geometry import ContextualSpec, GeometrySpec, MapSpec
from probes.intervention import AblationSpec, AheadSpec, BeamsSpec, ErasureSpec, LensSpec, PatchingSpec, SteeringSpec
from probes.probing import PairsSpec, ProbingSpec, StructuralSpec
from probes.quality import CompressionSpec, GridSpec, PoolingSpec
from probes.syntax import CausalSpec, SnippetSpec, SyntaxSpec, TransferSpec

CODE = "def total(values):\n    for value in values:\n        print(value, 1)\n    return len(values)\n"
DECODED = (
    *("causal", "card", "codesteer", "codepatch", "splice", "equalbits"),
    *("pairs", "lens", "ahead", "beams", "patching", "erasure", "ablation", "steering", "attribution", "trust"),
)
"""Kinds that are asked of a model that predicts the next token."""
Questions = dict[str, Spec]
"""Kind → its question."""


@dataclass(frozen=True)
class Given:
    """What the questions are about."""

    encoder: Path
    decoder: Path
    code: Path
    sentences: Path

    @classmethod
    def made(cls, encoder: Path, decoder: Path, folder: Path) -> "Given":
        """Write the small corpora into a folder."""
        return cls(encoder, decoder, code_folder(folder / "code"), line_folder(folder / "sentences"))


def every(given: Given) -> Questions:
    """Return all questions; the runs that some of them name are answered on the way."""
    rooms = (models, languages, trees, causes, codes, splices, clouds, labels, interventions, attributions)
    return {kind: spec for room in rooms for kind, spec in room(given).items()}


def models(given: Given) -> Questions:
    """Return the questions about a model itself."""
    return {kind.kind: kind(model=str(given.encoder)).pinned() for kind in (SizeSpec, ModelSpec, TokensSpec)}


def languages(given: Given) -> Questions:
    """Return the questions about languages and layers side by side."""
    return {
        "alignment": small_alignment(given.encoder, given.sentences).pinned(),
        "likeness": small_likeness(given.encoder, given.decoder, given.sentences).pinned(),
    }


_PLAIN = dict.fromkeys(("control", "controls", "dimensions", "random_init"), False)
"""A syntax run that is only there for another question to name."""


def trees(given: Given) -> Questions:
    """Return the questions about syntax trees."""
    syntax: SyntaxSpec = small_spec(given.encoder, given.code).pinned()
    other: SyntaxSpec = small_spec(given.encoder, given.code, seed=1, **_PLAIN).pinned()
    for run in (syntax, other):
        engine.run(run)
    return {
        "syntax": syntax,
        "snippet": SnippetSpec(run=syntax.digest, code=CODE),
        "transfer": TransferSpec(runs=(other.digest, syntax.digest)),
    }


def causes(given: Given) -> Questions:
    """Return what a removal costs: asked of a model that predicts tokens, and of a run about it."""
    run: SyntaxSpec = small_spec(given.decoder, given.code, **_PLAIN).pinned()
    engine.run(run)
    return {"causal": CausalSpec(run=run.digest, layers="1, 2 + norm", rank=3, texts=3, draws=2).pinned()}


def codes(given: Given) -> Questions:
    """Return the questions about codes; what codes do is asked of a run about a decoder."""
    sizes: dict[str, Any] = {"corpus": f"code:{given.code}", "codes": 8, "n_fit": 400, "n_test": 150, "passes": 3}
    read, written = (CodebookSpec(model=str(model), **sizes).pinned() for model in (given.encoder, given.decoder))
    code = int(browse.used(engine.run(written), "1")["code"].iat[0])
    writing: dict[str, Any] = {"prompt": "value = name", "topic": "a|b", "samples": 4, "tokens": 5}
    return {
        "codebooks": read,
        "codesearch": SearchSpec(run=read.digest, pattern=r"\bdef (\w+)", top=5),
        "codes": CodedSpec(run=read.digest, text=CODE),
        "tokfsm": TokfsmSpec(texts=20, pairs=10),
        "concepts": ConceptsSpec(run=read.digest, union=2),
        "card": CardSpec(run=written.digest, layer="1", code=code, texts=3),
        "codesteer": CodeSteerSpec(run=written.digest, codes=f"1:{code}", strength=3.0, **writing),
        "codepatch": CodePatchSpec(run=written.digest, source="print(total)", target="value = name", layers="1, 2"),
    }


def splices(given: Given) -> Questions:
    """Return the questions about codes of an MLP's outputs that are spliced in."""
    sizes: dict[str, Any] = {"corpus": f"code:{given.code}", "codes": 8, "n_fit": 300, "n_test": 150, "passes": 2}
    books = CodebookSpec(model=str(given.decoder), site="mlp", **sizes).pinned()
    engine.run(books)
    return {
        "splice": SpliceSpec(run=books.digest, texts=4),
        "equalbits": EqualBitsSpec(run=books.digest, bits=6, budgets=2, passes=2, texts=3),
    }


def clouds(given: Given) -> Questions:
    """Return the questions about embeddings."""
    cloud: dict[str, Any] = {"model": str(given.encoder), "corpus": f"code:{given.code}", "n": 60, "per_text": 4}
    rated: dict[str, Any] = {"model": str(given.encoder), "pairs": pair_table(given.code.parent / "pairs.csv"), "n": 80}
    shared = {name: rated[name] for name in ("model", "n")}
    return {kind.kind: kind(**cloud).pinned() for kind in (GeometrySpec, MapSpec)} | {
        "contextual": ContextualSpec(model=str(given.encoder), n=60, label="living", draws=5, method="pca").pinned(),
        "grid": GridSpec(**rated, draws=2).pinned(),
        "compression": CompressionSpec(**rated, neighbours=3).pinned(),
        "pooling": PoolingSpec(**shared, tasks=(rated["pairs"],), latents=3, steps=2, seeds=1).pinned(),
    }


def labels(given: Given) -> Questions:
    """Return the questions about labels and trees that a probe reads."""
    sizes: dict[str, Any] = {"n": 400, "per_text": 12, "seeds": 2}
    pairs = f"{pair_table(given.code.parent / 'minimal.csv')}?text=first&label=second"
    return {
        "probing": ProbingSpec(model=str(given.encoder), corpus=f"code:{given.code}", **sizes).pinned(),
        "pairs": PairsSpec(model=str(given.decoder), corpus=pairs, label="second", language="", seeds=2).pinned(),
        "structural": StructuralSpec(model=str(given.encoder), rank=4, steps=4, seeds=2).pinned(),
    }


def interventions(given: Given) -> Questions:
    """Return the questions about what a layer says, and what would be if it were otherwise."""
    model = str(given.decoder)
    prompts: dict[str, Any] = {"prompt": "def path in values", "other": "def key in values"}
    reads: dict[str, Any] = {"model": model, "corpus": f"code:{given.code}", "texts": 4}
    return {
        "lens": LensSpec(model=model, text="def total(values):").pinned(),
        "erasure": ErasureSpec(**reads, draws=1).pinned(),
        "ahead": AheadSpec(**reads, layers="2", furthest=2).pinned(),
        "beams": BeamsSpec(model=model, text="def total(values):", beams=4, groups=2, tokens=3, samples=4).pinned(),
        "ablation": AblationSpec(**reads, layers="1, 2").pinned(),
        "steering": SteeringSpec(model=model, steps=1, texts=4, draws=2, tokens=3).pinned(),
        "patching": PatchingSpec(model=model, **prompts, answer=" path", instead=" key").pinned(),
    }


def attributions(given: Given) -> Questions:
    """Return the questions about which tokens an output comes from."""
    model = str(given.decoder)
    judged: dict[str, Any] = {"n": 3, "tokens": 90, "steps": 2, "draws": 2, "stages": 2}
    return {
        "attribution": AttributionSpec(model=model, text=CODE, method="integrated gradients", steps=4).pinned(),
        "trust": TrustSpec(model=model, corpus=f"code:{given.code}", **judged).pinned(),
    }
