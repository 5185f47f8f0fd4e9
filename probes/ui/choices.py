"""The words behind a question: models of the catalogue, corpora, languages, and what a field is called."""

from collections.abc import Callable

from probes import corpora, models
from probes.alignment.likeness import SAME
from probes.corpora.grammars import LANGUAGES
from probes.corpora.rated import SETS

FREE = frozenset({"model", "other", "corpus", "pairs"})
"""Fields that also take what is not in their list: a folder or a hub id, `code:FOLDER`."""

NAMED: dict[str, Callable[[], list[str]]] = {
    "model": lambda: list(models.names()),
    "corpus": lambda: [corpora.STDLIB],
    "language": lambda: list(LANGUAGES),
    "codebooks_language": lambda: [*LANGUAGES, ""],
    "alignment_corpus": lambda: ["gettext:django"],
    "likeness_other": lambda: [SAME, *models.names()],
    "likeness_corpus": lambda: ["gettext:django", corpora.STDLIB],
    "pairs": lambda: [*SETS, corpora.STDLIB, "gettext:django"],
    "map_language": lambda: ["", *LANGUAGES],
    "geometry_language": lambda: ["", *LANGUAGES],
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
    "grid_n": "Pairs",
    "compression_n": "Pairs",
    "grid_draws": "Random choices",
    "per_text": "Points of a text",
    "apart": "UMAP's distance",
    "draws": "Clouds of noise",
    "at": "Scored for (m)",
    "added": "Tokens the tokenizer adds",
    "grams": "Keep similarities",
    "tokens": "Tokens of a text",
    "texts": "Texts at once",
    "layers": "Layers kept whole",
}
"""Names that read badly with the underscores taken out; of one question alone by its kind and name."""
