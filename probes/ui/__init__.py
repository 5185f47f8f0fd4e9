"""What a page is made of; besides the pages themselves, the only importer of streamlit."""

from probes.ui.answers import answer, ask, asked, live
from probes.ui.fields import form, spec
from probes.ui.home import loaded, questions, recent
from probes.ui.refusals import refuse
from probes.ui.results import details, figure, show
from probes.ui.shell import frame
from probes.ui.snippets import code, example
from probes.ui.text import headline, notes, plain

__all__ = [
    "answer",
    "ask",
    "asked",
    "code",
    "details",
    "example",
    "figure",
    "form",
    "frame",
    "headline",
    "live",
    "loaded",
    "notes",
    "plain",
    "questions",
    "recent",
    "refuse",
    "show",
    "spec",
]
