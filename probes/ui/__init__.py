"""What a page is made of; besides the pages themselves, the only importer of streamlit."""

from probes.ui.address import among
from probes.ui.answers import answer, ask, asked, live
from probes.ui.comparing import compare, comparing
from probes.ui.fields import form, spec
from probes.ui.frame import frame
from probes.ui.home import loaded, questions, recent, resident, running, start
from probes.ui.refusals import refuse
from probes.ui.results import details, figure, show
from probes.ui.selected import actions, deleted
from probes.ui.snippets import code, example
from probes.ui.table import empty, filters, picked
from probes.ui.text import headline, notes, plain

__all__ = [
    "actions",
    "among",
    "answer",
    "ask",
    "asked",
    "code",
    "compare",
    "comparing",
    "deleted",
    "details",
    "empty",
    "example",
    "figure",
    "filters",
    "form",
    "frame",
    "headline",
    "live",
    "loaded",
    "notes",
    "picked",
    "plain",
    "questions",
    "recent",
    "refuse",
    "resident",
    "running",
    "show",
    "spec",
    "start",
]
