"""The pages, written down once: the sidebar, the home page and every link to a run follow from it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """A question with a page of its own, and the analyses whose runs it can show."""

    path: str
    title: str
    group: str
    icon: str
    question: str
    kinds: tuple[str, ...] = ()


HOME = Page("app.py", "Home", "", ":material/home:", "")
PAGES = (
    Page(
        "pages/Syntax.py",
        "Syntax",
        "What is in there",
        ":material/account_tree:",
        "Is the syntax tree of code in there, and in which subspace?",
        ("syntax", "snippet", "causal", "transfer"),
    ),
    Page(
        "pages/Probing.py",
        "Probing",
        "What is in there",
        ":material/biotech:",
        "Which labels can be read off the states?",
        ("probing", "pairs", "structural"),
    ),
    Page(
        "pages/Alignment.py",
        "Alignment",
        "What is in there",
        ":material/translate:",
        "Do languages meet in the middle layers?",
        ("alignment",),
    ),
    Page(
        "pages/Likeness.py",
        "Likeness",
        "What is in there",
        ":material/grid_on:",
        "How alike are the layers of one model, or of two?",
        ("likeness",),
    ),
    Page(
        "pages/Embeddings.py",
        "Embeddings",
        "What is in there",
        ":material/scatter_plot:",
        "What shape is the cloud, and where does each point lie?",
        ("map", "geometry", "contextual"),
    ),
    Page(
        "pages/Quality.py",
        "Quality",
        "What is in there",
        ":material/compress:",
        "How good are the embeddings, and at which price?",
        ("grid", "compression", "pooling"),
    ),
    Page(
        "pages/Codebooks.py",
        "Codebooks",
        "Codes",
        ":material/category:",
        "Which discrete codes do the hidden states fall into?",
        ("codebooks", "codesearch", "codes", "concepts", "card", "splice", "equalbits", "codesteer", "codepatch"),
    ),
    Page(
        "pages/TokFSM.py",
        "TokFSM",
        "Codes",
        ":material/schema:",
        "Are a model's codes the states of what it learnt?",
        ("tokfsm",),
    ),
    Page(
        "pages/Lens.py",
        "Lens",
        "What it does",
        ":material/search_insights:",
        "What would the model say, if it stopped at this layer?",
        ("lens", "ahead", "beams"),
    ),
    Page(
        "pages/Attribution.py",
        "Attribution",
        "What it does",
        ":material/target:",
        "Which tokens did an output rest on?",
        ("attribution", "trust"),
    ),
    Page(
        "pages/Intervention.py",
        "Intervention",
        "What it does",
        ":material/swap_horiz:",
        "What happens if something inside were otherwise?",
        ("patching", "ablation", "erasure", "steering"),
    ),
    Page(
        "pages/Models.py",
        "Models",
        "Set up and kept",
        ":material/deployed_code:",
        "Which model, and will it run here?",
        ("model",),
    ),
    Page(
        "pages/Corpora.py",
        "Corpora",
        "Set up and kept",
        ":material/library_books:",
        "What do the models read?",
    ),
    Page(
        "pages/Runs.py",
        "Runs",
        "Set up and kept",
        ":material/history:",
        "What was asked before?",
    ),
)


def page_of(kind: str) -> Page | None:
    """Return the page that shows runs of this kind."""
    return next((page for page in PAGES if kind in page.kinds), None)
