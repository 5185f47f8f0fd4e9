"""The words behind a question: models of the catalogue, corpora, languages, and what a field is called."""

from collections.abc import Callable

from probes import corpora, models
from probes.alignment.likeness import SAME
from probes.corpora.grammars import LANGUAGES

FREE = frozenset({"model", "other", "corpus"})
"""Fields that also take what is not in their list: a folder or a hub id, `code:FOLDER`."""

NAMED: dict[str, Callable[[], list[str]]] = {
    "model": lambda: list(models.names()),
    "corpus": lambda: [corpora.STDLIB],
    "language": lambda: list(LANGUAGES),
    "codebooks_language": lambda: [*LANGUAGES, ""],
    "alignment_corpus": lambda: ["gettext:django"],
    "likeness_other": lambda: [SAME, *models.names()],
    "likeness_corpus": lambda: ["gettext:django", corpora.STDLIB],
    "map_language": lambda: ["", *LANGUAGES],
    "geometry_language": lambda: ["", *LANGUAGES],
    "attribution_language": lambda: ["", *LANGUAGES],
    "trust_language": lambda: ["", *LANGUAGES],
    "explain_language": lambda: ["", *LANGUAGES],
}
"""Fields drawn as a list, by name; those of one question alone by its kind and name, which come first."""

LABELS = {
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
    "geometry_n": "Points",
    "per_text": "Points of a text",
    "apart": "UMAP's distance",
    "draws": "Clouds of noise",
    "at": "Scored for (m)",
    "added": "Tokens the tokenizer adds",
    "grams": "Keep similarities",
    "tokens": "Tokens of a text",
    "texts": "Texts at once",
    "layers": "Layers kept whole",
    "against": "Rather than the token",
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
