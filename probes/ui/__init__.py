"""What a page is made of; besides the pages themselves, the only importer of streamlit."""

from probes.ui.answers import answer, ask, asked, live
from probes.ui.corpora import choices_of, looked_at
from probes.ui.fields import form, spec
from probes.ui.home import loaded, questions, recent
from probes.ui.refusals import refuse
from probes.ui.results import details, figure, show
from probes.ui.shell import frame
from probes.ui.snippets import code, example
from probes.ui.sources import corpus, recent_corpora
from probes.ui.text import headline, notes, plain

__all__ = [
    "answer",
    "ask",
    "asked",
    "choices_of",
    "code",
    "corpus",
    "details",
    "example",
    "figure",
    "form",
    "frame",
    "headline",
    "live",
    "loaded",
    "looked_at",
    "notes",
    "plain",
    "questions",
    "recent",
    "recent_corpora",
    "refuse",
    "show",
    "spec",
]
