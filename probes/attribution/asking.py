"""The run behind `AttributionSpec`: the question, its baseline, the method, and how far to trust what it gives."""

import numpy as np
import pandas as pd
import torch

from probes.attribution import captumed, faithful, looks, nodes
from probes.attribution.analysis import AttributionResult, AttributionSpec
from probes.attribution.baselines import baseline
from probes.attribution.names import BASELINES, COMPLETE, LAYERED, TEXT_AT
from probes.attribution.targets import Asked, Question, named, predictions, question
from probes.contract import Progress, resolve
from probes.corpora import trees
from probes.corpora.grammars import LANGUAGES
from probes.errors import StrataError
from probes.models import Model, loaded
from probes.models.provenance import source_of

NODES = ["node", "type", "start", "end", "depth", "first", "last", "value"]
LAYERS = ["order", "layer", "position", "token", "value"]
QUANTISED = "Weights in {} bits: gradients pass through rounded weights, and the attributions are those of that model."


def asking(spec: AttributionSpec, progress: Progress) -> AttributionResult:
    """Answer an AttributionSpec; refusals name what the model cannot do and what it can."""
    progress.report(0, 3, "loading the model")
    tree = _tree(spec)
    model = loaded(spec)
    text = tree.text if tree is not None else spec.text
    if spec.target == "a span" and spec.run:
        text = resolve(TEXT_AT)(spec.run, spec.text)
        if tree is not None and text != tree.text:
            what = "This probe reads leaves joined by blanks, and nodes are of the code as written."
            raise StrataError("E-TARGET", what, fix="Choose another method.")
    wanted = {name: getattr(spec, name) for name in ("target", "token", "against", "position", "other", "run")}
    wanted["written"] = spec.text if spec.target == "a span" else ""
    asked = question(model, Asked(text, **wanted, code=spec.code, label=spec.label))
    x, base = asked.states(), baseline(asked, spec.baseline)
    progress.report(1, 3, spec.method)
    values, by_layer, by_node = attributed(asked, spec, (x, base), tree)
    progress.report(2, 3, "taking tokens out")
    score, without = (float(v) for v in nodes.scores(asked, x, base, _ends(asked)))
    curves, areas = _curves(asked, spec, (x, base), values)
    notes = _notes(spec, model, changed=text != spec.text)
    return AttributionResult(
        tokens=tokens_of(asked, text, values),
        layers=by_layer,
        nodes=by_node,
        curves=curves,
        predictions=pd.DataFrame(predictions(asked), columns=["token", "probability"]),
        asked=asked.asked,
        unit=asked.unit,
        method=spec.method,
        baseline=BASELINES[spec.baseline],
        score=score,
        without=without,
        whole=score - without,
        error=100 * missed(values, score - without) if spec.method in COMPLETE and score != without else None,
        areas=areas,
        source=source_of(
            model, corpus="a typed text", texts=[text, spec.other], seed=spec.seed, notes=notes, also=("captum",)
        ),
    )


Ends = tuple[torch.Tensor, torch.Tensor]
"""The states of the text, and those of its baseline."""


def attributed(
    asked: Question, spec: AttributionSpec, ends: Ends, tree: trees.Tree | None = None
) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    """Return float64 [token] by the method asked for, with its layers or nodes where it has them."""
    by_layer, by_node = pd.DataFrame(columns=LAYERS), pd.DataFrame(columns=NODES)
    if spec.method in LAYERED:
        by_layer = _layers(asked, spec, ends)
        values = torch.from_numpy(by_layer[by_layer["order"] == 0]["value"].to_numpy(np.float64, copy=True))
    elif tree is not None:
        by_node, values = nodes.occlusion(asked, *ends, tree)
    else:
        values = _values(asked, spec, ends)
    found = values.double().cpu().numpy()
    if not np.isfinite(found).all():
        raise StrataError("E-NOT-FINITE", "The attributions are not finite numbers.", fix="Choose dtype float32.")
    return found, by_layer, by_node


def _values(asked: Question, spec: AttributionSpec, ends: Ends) -> torch.Tensor:
    match spec.method:
        case "integrated gradients":
            return captumed.integrated_gradients(asked, *ends, spec.steps)
        case "gradient x input":
            return captumed.gradient_input(asked, ends[0])
        case "DeepLift":
            return captumed.deep_lift(asked, *ends)
        case "feature ablation":
            return captumed.ablation(asked, *ends)
        case "Shapley sampling":
            return captumed.shapley(asked, *ends, spec.samples, spec.seed)
        case "KernelSHAP":
            return captumed.kernel_shap(asked, *ends, spec.samples, spec.seed)
        case "attention":
            return looks.head(asked, spec.layer, spec.head)
        case _:
            return looks.rollout(asked)


def _layers(asked: Question, spec: AttributionSpec, ends: Ends) -> pd.DataFrame:
    """Attribute at some layers, the embeddings and the last block among them: what arrives there, token by token."""
    depth = asked.model.depth
    chosen = sorted(set(np.linspace(0, depth, min(spec.layers, depth + 1)).round().astype(int).tolist()))
    names = pieces(asked)
    parts = []
    for layer in chosen:
        if spec.method == "layer conductance":
            values = captumed.layer_conductance(asked, *ends, spec.steps, layer)
        else:
            there = [layer_states(asked, states, str(layer)) for states in ends]
            values = captumed.integrated_gradients(asked, there[0], there[1], spec.steps, str(layer))
        rows = {"order": layer, "layer": str(layer), "position": range(len(names)), "token": names}
        parts.append(pd.DataFrame({**rows, "value": values.double().cpu().numpy()}))
    return pd.concat(parts, ignore_index=True)[LAYERS]


def layer_states(asked: Question, states: torch.Tensor, layer: str) -> torch.Tensor:
    """Return float32 [1, token, width]: what a layer makes of states that enter the first block."""
    from probes.models.sites import editing

    with editing(asked.model, "0", lambda own: states.to(own.dtype, copy=True)):
        return asked.states(layer) if layer != "0" else states


def pieces(asked: Question) -> list[str]:
    """Return every token as text."""
    return [named(asked.model.tokenizer, i) for i in asked.encoded.ids[0].tolist()]


def tokens_of(asked: Question, text: str, values: np.ndarray) -> pd.DataFrame:
    """Return the table of tokens."""
    offsets, special = asked.encoded.offsets[0], asked.encoded.special[0]
    ids = asked.encoded.ids[0].tolist()
    shown = [text[a:b] if b > a else named(asked.model.tokenizer, i) for (a, b), i in zip(offsets, ids, strict=True)]
    total = np.abs(values).sum()
    columns = {"position": range(len(ids)), "token": shown, "start": offsets[:, 0], "end": offsets[:, 1]}
    share = np.abs(values) / total if total else np.zeros_like(values)
    return pd.DataFrame({**columns, "added": special, "value": values, "part": share})


def missed(values: np.ndarray, whole: float) -> float:
    """Return how far the values miss what they should add up to, as a share of it; nan when that is nothing."""
    return abs(float(values.sum()) - whole) / abs(whole) if whole else float("nan")


def _ends(asked: Question) -> np.ndarray:
    own = asked.own.cpu().numpy()
    return np.stack([np.ones_like(own), ~own])


def _curves(
    asked: Question, spec: AttributionSpec, ends: Ends, values: np.ndarray
) -> tuple[pd.DataFrame, dict[str, float]]:
    if not spec.draws:
        return pd.DataFrame(columns=faithful.COLUMNS), {}
    random = np.random.default_rng(spec.seed).standard_normal((spec.draws, len(values)))
    return faithful.table(faithful.curves(asked, *ends, values, random))


def _tree(spec: AttributionSpec) -> trees.Tree | None:
    if spec.method != "occlusion by node":
        return None
    if not spec.language:
        what = "Occlusion by node needs the programming language of the text."
        raise StrataError("E-LANGUAGE", what, fix=f"Give language, one of {', '.join(LANGUAGES)}.")
    return trees.parse(spec.text, spec.language)


def _notes(spec: AttributionSpec, model: Model, *, changed: bool) -> tuple[str, ...]:
    said = []
    if spec.quantise != "none":
        said.append(QUANTISED.format(spec.quantise.removesuffix("bit")))
    if changed and spec.target == "a span":
        what = "Comments and docstrings were removed before the model read the code, which stands as the probe read it"
        said.append(f"{what} in its run: as written, or leaves joined by blanks.")
    elif changed:
        said.append("Comments and docstrings were removed before the model read the code.")
    if spec.method in ("attention", "attention rollout"):
        said.append("Attention weights say where a head looks, not what the output rests on.")
    return tuple(said)
