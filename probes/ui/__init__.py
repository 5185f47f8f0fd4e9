"""What a page is made of; besides the pages themselves, the only importer of streamlit."""

from probes.ui.address import among
from probes.ui.answers import answer, ask, asked, live, tabs
from probes.ui.attributing import explained, judge
from probes.ui.bringing import own_matrix
from probes.ui.checks import badge, onward
from probes.ui.codes import code_cards, code_search, text_codes
from probes.ui.comparing import compare, comparing
from probes.ui.concepts import concepts
from probes.ui.corpora import choices_of, looked_at
from probes.ui.cutting import table as tokens
from probes.ui.cutting import text
from probes.ui.experiments import one_of, written
from probes.ui.fields import form, spec
from probes.ui.frame import frame
from probes.ui.held import resident, residents
from probes.ui.home import loaded, questions, recent, running, start
from probes.ui.languages import bitext, curve, language, language_facts, places
from probes.ui.models import choose, demo, folded, load, verdict
from probes.ui.points import points
from probes.ui.refusals import refuse
from probes.ui.removing import probe_of, removal
from probes.ui.results import details, figure, rows, show
from probes.ui.sections import sections
from probes.ui.selected import actions, deleted
from probes.ui.snippets import code, example
from probes.ui.sources import corpus, recent_corpora
from probes.ui.splicing import codes_of, equal_bits, splice_damage
from probes.ui.steer import steering
from probes.ui.table import empty, filters, picked
from probes.ui.tasks import tasks
from probes.ui.text import headline, notes, plain
from probes.ui.transferring import runs_of, transfers
from probes.ui.trust import code as code_of_its_own
from probes.ui.trust import granted, pickled

__all__ = [
    "actions",
    "among",
    "answer",
    "ask",
    "asked",
    "badge",
    "bitext",
    "choices_of",
    "choose",
    "code",
    "code_cards",
    "code_of_its_own",
    "code_search",
    "codes_of",
    "compare",
    "comparing",
    "concepts",
    "corpus",
    "curve",
    "deleted",
    "demo",
    "details",
    "empty",
    "equal_bits",
    "example",
    "explained",
    "figure",
    "filters",
    "folded",
    "form",
    "frame",
    "granted",
    "headline",
    "judge",
    "language",
    "language_facts",
    "live",
    "load",
    "loaded",
    "looked_at",
    "notes",
    "one_of",
    "onward",
    "own_matrix",
    "picked",
    "pickled",
    "places",
    "plain",
    "points",
    "probe_of",
    "questions",
    "recent",
    "recent_corpora",
    "refuse",
    "removal",
    "resident",
    "residents",
    "rows",
    "running",
    "runs_of",
    "sections",
    "show",
    "spec",
    "splice_damage",
    "start",
    "steering",
    "tabs",
    "tasks",
    "text",
    "text_codes",
    "tokens",
    "transfers",
    "verdict",
    "written",
]
