"""Every question Strata answers, written down once; commands, pages, caches, exports and tests follow from it."""
# limit: it is a list, and grows by a row a question

import json
from collections.abc import Sequence
from typing import Any

from probes import store
from probes.alignment import AlignmentSpec, LikenessSpec
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
)
from probes.compare import Comparison, compare, labels
from probes.contract import Analysis, Comparable, Spec, checked
from probes.errors import StrataError, did_you_mean
from probes.geometry import ContextualSpec, GeometrySpec, MapSpec
from probes.intervention import AblationSpec, AheadSpec, BeamsSpec, ErasureSpec, LensSpec, PatchingSpec, SteeringSpec
from probes.probing import PairsSpec, ProbingSpec, StructuralSpec
from probes.quality import CompressionSpec, GridSpec, PoolingSpec
from probes.syntax import CausalSpec, SnippetSpec, SyntaxSpec, TransferSpec

ANALYSES = (
    Analysis(
        spec=SyntaxSpec,
        run_at="probes.syntax.analysis:run",
        result_at="probes.syntax.analysis:SyntaxResult",
        figures_at=(
            "probes.figures.layers:f1_by_layer",
            "probes.figures.worth:controls",
            "probes.figures.worth:dimension_curve",
            "probes.figures.worth:where_it_fails",
            "probes.figures.worth:by_depth",
            "probes.figures.worth:subspace_overlap",
            "probes.figures.cloud:constituents",
            "probes.figures.layers:recall_by_label",
        ),
        compare_at="probes.syntax.comparable:comparables",
        methods_at="probes.syntax.methods:probe",
    ),
    Analysis(
        spec=SnippetSpec,
        run_at="probes.syntax.snippet:run",
        result_at="probes.syntax.snippet:SnippetResult",
        figures_at=(
            "probes.figures.snippet:snippet",
            "probes.figures.trees:gold_and_predicted",
            "probes.figures.subspace:subspace",
        ),
        methods_at="probes.syntax.methods:snippet",
        live=True,
    ),
    Analysis(
        spec=CodebookSpec,
        run_at="probes.codebooks.analysis:run",
        result_at="probes.codebooks.analysis:CodebookResult",
        figures_at=(
            "probes.figures.codebooks:explained_by_layer",
            "probes.figures.codebooks:bits_by_layer",
            "probes.figures.codebooks:stability_by_layer",
            "probes.figures.codebooks:usage",
            "probes.figures.codebooks:leaf_types",
        ),
        compare_at="probes.codebooks.comparable:comparables",
        methods_at="probes.codebooks.methods:codebooks",
    ),
    Analysis(
        spec=SearchSpec,
        run_at="probes.codebooks.search:run",
        result_at="probes.codebooks.search:SearchResult",
        figures_at=("probes.figures.codes:f1_of_codes",),
        methods_at="probes.codebooks.methods:search",
        live=True,
    ),
    Analysis(
        spec=CodedSpec,
        run_at="probes.codebooks.coded:run",
        result_at="probes.codebooks.coded:CodedResult",
        figures_at=("probes.figures.codes:strip_of_codes",),
        methods_at="probes.codebooks.methods:coded",
        live=True,
    ),
    Analysis(
        spec=CardSpec,
        run_at="probes.codebooks.card:run",
        result_at="probes.codebooks.card:CardResult",
        figures_at=(
            "probes.figures.card:places_of_code",
            "probes.figures.card:density_of_code",
            "probes.figures.card:raised_and_lowered",
            "probes.figures.card:effect_by_strength",
        ),
        methods_at="probes.codebooks.methods:card",
        live=True,
    ),
    Analysis(
        spec=ConceptsSpec,
        run_at="probes.codebooks.concepts:run",
        result_at="probes.codebooks.concepts:ConceptsResult",
        figures_at=(
            "probes.figures.concepts:f1_of_concepts",
            "probes.figures.concepts:concepts_by_layer",
        ),
        methods_at="probes.codebooks.methods:concepts",
        live=True,
    ),
    Analysis(
        spec=CodeSteerSpec,
        run_at="probes.codebooks.steer:run",
        result_at="probes.codebooks.steer:CodeSteerResult",
        figures_at=("probes.figures.steer:measures_of_steering",),
        methods_at="probes.codebooks.steer_methods:steer",
        live=True,
    ),
    Analysis(
        spec=CodePatchSpec,
        run_at="probes.codebooks.patch:run",
        result_at="probes.codebooks.patch:CodePatchResult",
        figures_at=("probes.figures.steer:moved_by_patching",),
        methods_at="probes.codebooks.steer_methods:patch",
        live=True,
    ),
    Analysis(
        spec=SpliceSpec,
        run_at="probes.codebooks.splice:run",
        result_at="probes.codebooks.splice:SpliceResult",
        figures_at=("probes.figures.splice:damage_by_layer", "probes.figures.splice:kept_by_layer"),
        methods_at="probes.codebooks.splice_methods:splice",
    ),
    Analysis(
        spec=EqualBitsSpec,
        run_at="probes.codebooks.equal_bits:run",
        result_at="probes.codebooks.equal_bits:EqualBitsResult",
        figures_at=("probes.figures.equal_bits:kinds_by_bits",),
        methods_at="probes.codebooks.splice_methods:equal_bits",
    ),
    Analysis(
        spec=TokfsmSpec,
        run_at="probes.codebooks.tokfsm:run",
        result_at="probes.codebooks.tokfsm:TokfsmResult",
        figures_at=(
            "probes.figures.tokfsm:codes_of_states",
            "probes.figures.tokfsm:exchanged_codes",
            "probes.figures.tokfsm:edited_walks",
            "probes.figures.tokfsm:use_of_codes",
        ),
        methods_at="probes.codebooks.tokfsm_methods:tokfsm",
    ),
    Analysis(
        spec=AlignmentSpec,
        run_at="probes.alignment.analysis:run",
        result_at="probes.alignment.analysis:AlignmentResult",
        figures_at=(
            "probes.figures.alignment:by_language",
            "probes.figures.alignment:over_the_floors",
            "probes.figures.alignment:between_languages",
        ),
        compare_at="probes.alignment.comparable:comparables",
        methods_at="probes.alignment.methods:alignment",
    ),
    Analysis(
        spec=LikenessSpec,
        run_at="probes.alignment.likeness:run",
        result_at="probes.alignment.likeness:LikenessResult",
        figures_at=(
            "probes.figures.likeness:all_pairs",
            "probes.figures.likeness:change_by_layer",
            "probes.figures.likeness:agreement_of_measures",
        ),
        methods_at="probes.alignment.methods:likeness",
    ),
    Analysis(
        spec=CausalSpec,
        run_at="probes.syntax.causal:run",
        result_at="probes.syntax.causal:CausalResult",
        figures_at=(
            "probes.figures.causal:loss_without",
            "probes.figures.causal:loss_with_only",
            "probes.figures.causal:f1_further_on",
        ),
        methods_at="probes.syntax.causal_methods:causal",
    ),
    Analysis(
        spec=TransferSpec,
        run_at="probes.syntax.transfer:run",
        result_at="probes.syntax.transfer:TransferResult",
        figures_at=(
            "probes.figures.transfer:matrix",
            "probes.figures.transfer:f1_of_transfer",
            "probes.figures.transfer:subspace_overlap",
            "probes.figures.transfer:shared_directions",
        ),
        methods_at="probes.syntax.causal_methods:transfer",
    ),
    Analysis(
        spec=GeometrySpec,
        run_at="probes.geometry.analysis:run",
        result_at="probes.geometry.analysis:GeometryResult",
        figures_at=(
            "probes.figures.geometry:by_layer",
            "probes.figures.geometry:after_treatment",
            "probes.figures.geometry:norms",
            "probes.figures.geometry:rogue_dimensions",
        ),
        methods_at="probes.geometry.methods:geometry",
    ),
    Analysis(
        spec=MapSpec,
        run_at="probes.geometry.maps:run",
        result_at="probes.geometry.maps:MapResult",
        figures_at=(
            "probes.figures.maps:moving",
            "probes.figures.maps:every_layer",
            "probes.figures.maps:what_is_kept",
            "probes.figures.grouped:named_clusters",
        ),
        methods_at="probes.geometry.methods:mapped",
    ),
    Analysis(
        spec=ContextualSpec,
        run_at="probes.geometry.contextual:run",
        result_at="probes.geometry.contextual:ContextualResult",
        figures_at=(
            "probes.figures.contextual:read_off",
            "probes.figures.contextual:senses_apart",
            "probes.figures.contextual:each_word",
            "probes.figures.contextual:side_by_side",
        ),
        methods_at="probes.geometry.methods:contextual",
    ),
    Analysis(
        spec=LensSpec,
        run_at="probes.intervention.lens:run",
        result_at="probes.intervention.lens:LensResult",
        figures_at=(
            "probes.figures.lens:what_each_layer_says",
            "probes.figures.lens:sharpness_by_layer",
            "probes.figures.lens:rank_of_the_truth",
            "probes.figures.lens:where_it_settles",
        ),
        methods_at="probes.intervention.methods:lens",
    ),
    Analysis(
        spec=AheadSpec,
        run_at="probes.intervention.ahead:run",
        result_at="probes.intervention.ahead:AheadResult",
        figures_at=("probes.figures.ahead:known_ahead", "probes.figures.ahead:over_the_floor"),
        methods_at="probes.intervention.methods:ahead",
    ),
    Analysis(
        spec=BeamsSpec,
        run_at="probes.intervention.beams:run",
        result_at="probes.intervention.beams:BeamsResult",
        figures_at=("probes.figures.beams:tree_of_beams", "probes.figures.beams:texts_by_probability"),
        methods_at="probes.intervention.methods:beams",
    ),
    Analysis(
        spec=PatchingSpec,
        run_at="probes.intervention.patching:run",
        result_at="probes.intervention.patching:PatchingResult",
        figures_at=(
            "probes.figures.patching:patches",
            "probes.figures.patching:wrong_tokens",
            "probes.figures.patching:best_by_layer",
        ),
        methods_at="probes.intervention.methods:patching",
    ),
    Analysis(
        spec=ErasureSpec,
        run_at="probes.intervention.erasure:run",
        result_at="probes.intervention.erasure:ErasureResult",
        figures_at=("probes.figures.erasure:cost_of_erasure", "probes.figures.erasure:what_is_left"),
        methods_at="probes.intervention.methods:erasure",
    ),
    Analysis(
        spec=AblationSpec,
        run_at="probes.intervention.ablation:run",
        result_at="probes.intervention.ablation:AblationResult",
        figures_at=("probes.figures.ablation:loss_without_each", "probes.figures.ablation:loss_by_part"),
        methods_at="probes.intervention.methods:ablation",
    ),
    Analysis(
        spec=SteeringSpec,
        run_at="probes.intervention.steering:run",
        result_at="probes.intervention.steering:SteeringResult",
        figures_at=("probes.figures.steering:effect_and_cost", "probes.figures.steering:effect_against_cost"),
        methods_at="probes.intervention.methods:steering",
    ),
    Analysis(
        spec=GridSpec,
        run_at="probes.quality.grid:run",
        result_at="probes.quality.grid:GridResult",
        figures_at=(
            "probes.figures.grid:quality_grid",
            "probes.figures.grid:first_or_others",
            "probes.figures.grid:worth_its_price",
        ),
        methods_at="probes.quality.methods:grid",
    ),
    Analysis(
        spec=AttributionSpec,
        run_at="probes.attribution.analysis:run",
        result_at="probes.attribution.analysis:AttributionResult",
        figures_at=(
            "probes.figures.attribution:signed_tokens",
            "probes.figures.attribution:taken_out_and_put_in",
            "probes.figures.attribution:tokens_by_layer",
            "probes.figures.attribution:on_the_tree",
        ),
        methods_at="probes.attribution.methods:attribution",
        live=True,
    ),
    Analysis(
        spec=TrustSpec,
        run_at="probes.attribution.trust:run",
        result_at="probes.attribution.trust:TrustResult",
        figures_at=(
            "probes.figures.trust:over_random",
            "probes.figures.trust:agreement_of_methods",
            "probes.figures.trust:shuffled_weights",
        ),
        methods_at="probes.attribution.methods:trust",
    ),
    Analysis(
        spec=ProbingSpec,
        run_at="probes.probing.analysis:run",
        result_at="probes.probing.analysis:ProbingResult",
        figures_at=(
            "probes.figures.probing:read_by_layer",
            "probes.figures.probing:confused",
            "probes.figures.probing:calibrated",
            "probes.figures.probing:few_labels",
            "probes.figures.probing:bits_a_label",
        ),
        methods_at="probes.probing.methods:probing",
    ),
    Analysis(
        spec=PairsSpec,
        run_at="probes.probing.minimal:run",
        result_at="probes.probing.minimal:PairsResult",
        figures_at=(
            "probes.figures.minimal:told_by_layer",
            "probes.figures.minimal:told_by_pairs",
            "probes.figures.minimal:layers_by_pairs",
        ),
        methods_at="probes.probing.methods:pairs",
    ),
    Analysis(
        spec=StructuralSpec,
        run_at="probes.probing.structural:run",
        result_at="probes.probing.structural:StructuralResult",
        figures_at=(
            "probes.figures.structural:trees_by_layer",
            "probes.figures.structural:trees_by_rank",
            "probes.figures.structural:two_trees",
        ),
        methods_at="probes.probing.methods:structural",
    ),
    Analysis(
        spec=CompressionSpec,
        run_at="probes.quality.compression:run",
        result_at="probes.quality.compression:CompressionResult",
        figures_at=(
            "probes.figures.compression:quality_by_bytes",
            "probes.figures.compression:neighbours_by_bytes",
        ),
        methods_at="probes.quality.methods:compression",
    ),
    Analysis(
        spec=PoolingSpec,
        run_at="probes.quality.pooling:run",
        result_at="probes.quality.pooling:PoolingResult",
        figures_at=("probes.figures.pooling:poolings_by_task",),
        methods_at="probes.quality.methods:pooling",
    ),
    Analysis(
        spec=SizeSpec,
        run_at="probes.checkup.size:run",
        result_at="probes.checkup.size:SizeResult",
        figures_at=("probes.figures.checkup:memory_by_precision",),
        methods_at="probes.checkup.methods:size",
        live=True,
    ),
    Analysis(
        spec=ModelSpec,
        run_at="probes.checkup.model:run",
        result_at="probes.checkup.model:ModelResult",
        figures_at=("probes.figures.checkup:differences",),
        methods_at="probes.checkup.methods:model",
    ),
    Analysis(
        spec=TokensSpec,
        run_at="probes.checkup.tokens:run",
        result_at="probes.checkup.tokens:TokensResult",
        figures_at=("probes.figures.tokens:pieces",),
        methods_at="probes.checkup.methods:tokens",
        live=True,
    ),
)


def find(kind: str) -> Analysis:
    """Return the analysis of that kind; raises StrataError E-ANALYSIS-UNKNOWN with the nearest name and the choices."""
    kinds = [analysis.kind for analysis in ANALYSES]
    if kind in kinds:
        return ANALYSES[kinds.index(kind)]
    raise StrataError(
        "E-ANALYSIS-UNKNOWN",
        f"There is no analysis '{kind[:60]}'.",
        did_you_mean(kind, kinds),
        f"There are: {', '.join(kinds)}.",
    )


def of(spec: Spec) -> Analysis:
    """Return the analysis that answers a Spec."""
    return find(spec.kind)


def answering(result: Any) -> Analysis:
    """Return the analysis that a Result is an answer of; raises StrataError E-ANALYSIS-UNKNOWN for anything else."""
    at = f"{type(result).__module__}:{type(result).__qualname__}"
    for analysis in ANALYSES:
        if analysis.result_at == at:
            return analysis
    raise StrataError("E-ANALYSIS-UNKNOWN", f"A {type(result).__name__} is no Result of an analysis.")


def figure(result: Any, name: str = "") -> Any:
    """Return a Result's figure as an altair chart, by its name or the main one; StrataError E-FIGURE names them all."""
    figures = answering(result).figures
    if name and name not in figures:
        raise StrataError("E-FIGURE", f"There is no figure '{name[:60]}'.", fix=f"There are: {', '.join(figures)}.")
    return figures[name or next(iter(figures))](result)


def parse(kind: str, fields: dict[str, Any]) -> Spec:
    """Return the Spec of some plain values; raises StrataError E-SPEC naming each field that is wrong."""
    return checked(find(kind).spec, fields)


def from_json(text: str) -> Spec:
    """Return the Spec of its canonical JSON; raises StrataError E-SPEC when it is of another version."""
    whole = json.loads(text)
    spec = parse(whole["kind"], whole["spec"])
    if whole["version"] != spec.version:
        raise StrataError(
            "E-SPEC", f"This question is of version {whole['version']}; today's is {spec.version}.", fix="Ask it again."
        )
    return spec


def spec_of(digest: str) -> Spec | None:
    """Return the Spec of a run that is stored, or was only ever begun; None when it can no longer be asked."""
    asked = store.asked(digest) or store.begun(digest)
    try:
        spec = from_json(json.dumps(asked)) if asked else None
    except (StrataError, KeyError, TypeError):
        return None
    return spec if spec is not None and spec.digest == digest else None  # a folder under a wrong name is no answer


def result_of(digest: str) -> Any | None:
    """Return the stored Result of a digest, or None."""
    spec = spec_of(digest)
    return store.load(digest, of(spec).result) if spec is not None else None


def compared(digests: Sequence[str], measure: str = "") -> Comparison:
    """Set stored runs beside each other, the first being what the others are measured against.

    `measure` names one of `measures`; none stands for the main one. Raises StrataError E-COMPARE, saying which run is
    missing, of another kind, or of a kind that cannot be compared.
    """
    digests = list(dict.fromkeys(digests))
    specs = [_spec_for(digest) for digest in digests]
    found = [{c.measure: c for c in _comparables(spec)} for spec in specs]
    chosen = measure or next((name for name in measures(digests)), "")
    if not all(chosen in one for one in found):
        raise StrataError(
            "E-COMPARE", "These runs have nothing in common to compare.", fix="Compare runs of one kind, made alike."
        )
    names, shared = labels([spec.model_dump(mode="json") for spec in specs], digests)
    runs = {name: one[chosen] for name, one in zip(names, found, strict=True)}
    return compare(runs, digests=digests, shared=shared)


def measures(digests: Sequence[str]) -> list[str]:
    """Return what can be compared between all of these stored runs, the main measure first."""
    found = [[c.measure for c in _comparables(_spec_for(digest))] for digest in digests]
    return [name for name in found[0] if all(name in one for one in found)] if found else []


def _spec_for(digest: str) -> Spec:
    spec = spec_of(digest)
    if spec is None:
        raise StrataError("E-COMPARE", f"Run {digest[:12]} is not stored here.", fix="Leave it out.")
    return spec


def _comparables(spec: Spec) -> tuple[Comparable, ...]:
    analysis, result = of(spec), result_of(spec.digest)
    if result is None:
        raise StrataError("E-COMPARE", f"Run {spec.digest[:12]} has no answer yet.", fix="Leave it out.")
    return analysis.comparables(spec, result)
