"""The words behind a question: models of the catalogue, corpora, languages, and what a field is called."""

from collections.abc import Callable

from probes import analyses, corpora, models, store
from probes.alignment.likeness import SAME
from probes.corpora.grammars import LANGUAGES
from probes.corpora.homonyms import NAME as HOMONYMS
from probes.corpora.rated import SETS
from probes.corpora.word_vectors import GLOVE
from probes.geometry.maps import LENDERS
from probes.probing.labels import LABELS as MADE
from probes.probing.pairing import MADE as PAIRED

FREE = frozenset({"model", "other", "corpus", "pairs", "label", "static"})
"""Fields that also take what is not in their list: a folder or a hub id, `code:FOLDER`, a column."""

NAMED: dict[str, Callable[[], list[str]]] = {
    "model": lambda: list(models.names()),
    "corpus": lambda: [corpora.STDLIB],
    "language": lambda: list(LANGUAGES),
    "ablation_language": lambda: [*LANGUAGES, ""],
    "erasure_language": lambda: [*LANGUAGES, ""],
    "codebooks_language": lambda: [*LANGUAGES, ""],
    "alignment_corpus": lambda: ["gettext:django"],
    "likeness_other": lambda: [SAME, *models.names()],
    "likeness_corpus": lambda: ["gettext:django", corpora.STDLIB],
    "contextual_corpus": lambda: [HOMONYMS, corpora.STDLIB],
    "contextual_language": lambda: ["", *LANGUAGES],
    "contextual_label": lambda: ["sense", "living", "kind", "type"],
    "contextual_static": lambda: ["", GLOVE],
    "pairs": lambda: [*SETS, corpora.STDLIB, "gettext:django"],
    "map_run": lambda: ["", *(run.digest for run in _lenders())],
    "map_language": lambda: ["", *LANGUAGES],
    "structural_corpus": lambda: ["conllu:sample"],
    "probing_label": lambda: list(MADE),
    "pairs_label": lambda: list(PAIRED),
    "pairs_language": lambda: ["python", ""],
    "probing_language": lambda: [*LANGUAGES, ""],
    "geometry_language": lambda: ["", *LANGUAGES],
    "attribution_language": lambda: ["", *LANGUAGES],
    "trust_language": lambda: ["", *LANGUAGES],
    "explain_language": lambda: ["", *LANGUAGES],
}
"""Fields drawn as a list, by name; those of one question alone by its kind and name, which come first."""


def _lenders() -> list[store.RunEntry]:
    """Return the finished runs of today's version whose subspace a map can be drawn in."""
    return [run for kind in LENDERS for run in store.runs(kind) if run.version == analyses.find(kind).spec.version]


def _run(digest: str) -> str:
    """Say which run a digest is: what it asked of which model."""
    asked = store.asked(digest) if digest else None  # one entry: every option is said in every pass of the page
    return f"{asked['kind']}, {str(asked['spec'].get('model'))[-24:]}, {digest[:8]}" if asked else digest


SHOWN: dict[str, Callable[[str], str]] = {"map_run": _run}
"""How a value of a list is shown, where it is not as it stands."""

LABELS = {
    "steer_tokens": "New tokens",
    "steer_top_p": "Top-p",
    "concepts_union": "Codes together",
    "n_train": "Training functions",
    "n_valid": "Validation functions",
    "n_test": "Test functions",
    "random_init": "Random-weights baseline",
    "control": "Control task",
    "dtype": "Precision",
    "rate": "Learning rate",
    "n": "Sentences",
    "likeness_n": "Texts",
    "other": "Other model",
    "texts_in": "Language of the texts",
    "map_n": "Points",
    "map_run": "Run of the probe",
    "geometry_n": "Points",
    "contextual_n": "Words",
    "contextual_per_text": "Words of a text",
    "contextual_word": "Column of the word",
    "contextual_static": "Static vectors",
    "contextual_dimensions": "Axes a probe sees",
    "contextual_method": "Maps drawn by",
    "contextual_draws": "Shuffles of the senses",
    "grid_n": "Pairs",
    "compression_n": "Pairs",
    "pooling_n": "Pairs a set",
    "pooling_tasks": "Sets of pairs",
    "grid_draws": "Random choices",
    "structural_rank": "Dimensions",
    "structural_steps": "Training steps",
    "structural_ranks": "Other dimensions too",
    "structural_control": "Control trees",
    "pairs_label": "What is wrong",
    "pairs_at": "Read at",
    "pairs_n": "Pairs",
    "pairs_control": "Control: a coin for each two words",
    "probing_n": "Labelled places",
    "probing_per_text": "Places of a text",
    "probing_extras": "A closer look",
    "probing_task": "Answers are",
    "per_text": "Points of a text",
    "apart": "UMAP's distance",
    "draws": "Clouds of noise",
    "at": "Scored for (m)",
    "added": "Tokens the tokenizer adds",
    "grams": "Keep similarities",
    "tokens": "Tokens of a text",
    "texts": "Texts at once",
    "layers": "Layers kept whole",
    "patching_other": "Other prompt",
    "patching_instead": "Its answer",
    "patching_site": "What is exchanged",
    "beams_tokens": "New tokens",
    "beams_samples": "Samples beside them",
    "ahead_furthest": "Tokens ahead, at most",
    "ablation_layers": "Blocks",
    "ablation_site": "What of them",
    "ablation_way": "In its place",
    "ablation_texts": "Texts",
    "erasure_texts": "Texts of each class",
    "steering_texts": "Texts",
    "steering_most": "Largest strength",
    "steering_steps": "Strengths a side",
    "steering_draws": "Random directions",
    "erasure_draws": "Random subspaces of a kind",
    "steering_tokens": "Tokens written",
    "lens_top": "Likeliest tokens kept",
    "attribution_against": "Rather than the token",
    "explain_against": "Rather than the token",
    "attribution_other": "Second text",
    "explain_other": "Second text",
    "attribution_layers": "Layers looked at",
    "explain_layers": "Layers looked at",
    "attribution_draws": "Random attributions",
    "trust_draws": "Random attributions of a text",
    "trust_n": "Texts",
    "trust_tokens": "Longest text, in tokens",
    "trust_sanity": "Shuffle the weights",
}
"""Names that read badly with the underscores taken out; of one question alone by its kind and name."""
