"""Cards of codes as one HTML file that stands alone: nothing is fetched, no script runs, all text is escaped."""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from probes.codebooks.analysis import CodebookResult
from probes.codebooks.browse import Card, of_seeds

Show = Callable[[str], str]
"""Makes text of others visible: what has no glyph, or turns its neighbours around, is spelt out."""
Said = Mapping[tuple[str, int, int], tuple[str, str]]
"""Names and notes by layer, book and code."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What the file allows itself: its own style, and nothing that is fetched or run."""
STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid #8a8a8a;padding:1rem 0}h2{font-size:1.1rem;margin:.2rem 0}
p.place{font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap;margin:.25rem 0}
mark{background:rgba(230,159,0,.45);color:inherit;border-radius:3px;padding:0 2px}
table{border-collapse:collapse;font-size:13px;margin:.5rem 1.5rem .5rem 0}td,th{padding:.1rem .6rem;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.also{display:flex;flex-wrap:wrap}.muted{opacity:.7}
caption{text-align:left;font-weight:600}
"""
TABLES = {
    "Words": ("words", ["word", "count", "share", "recall"]),
    "Leaves, on held-out tokens": ("picks", ["label", "support", "precision", "recall", "f1", "low", "high"]),
    "Nearest codes": ("near", ["code", "word", "cosine"]),
    "Fires with": ("together", ["layer", "book", "code", "word", "overlap"]),
}
"""Title → the card's table and its columns."""


def page(run: CodebookResult, digest: str, cards: Sequence[Card], said: Said, show: Show) -> str:
    """Return cards as a whole HTML document, with what people call the codes."""

    def safe(text: object) -> str:
        return html.escape(show(str(text))) if str(text) else ""

    facts = f"Model {run.source.model}, corpus {run.source.corpus}, run {digest}."
    body = "".join(_article(card, said.get((card.layer, card.book, card.code), ("", "")), safe) for card in cards)
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        "<meta name='viewport' content='width=device-width'>"
        f"<title>Codes of {safe(run.source.model)}</title><style>{STYLE}</style></head><body>"
        f"<h1>Codes of {safe(run.source.model)}</h1><p>{safe(run.headline())}</p><p class='muted'>{safe(facts)} All "
        f"numbers are of held-out tokens.</p>{body}</body></html>\n"
    )


def _article(card: Card, said: tuple[str, str], safe: Callable[[object], str]) -> str:
    name, note = said
    title = f"Code {card.code} of layer {card.layer}" + (f", book {card.book}" if card.book else "")
    told = f"{card.count:,} held-out tokens ({card.share:.2%}) in {card.texts:.0%} of texts{of_seeds(card)}"
    every = pd.concat([card.contexts, card.quantiles]).drop_duplicates("row")
    places = "".join(_shown(row, safe) for row in every.itertuples())
    own = "".join(_shown(row, safe, "It is the state of ") for row in card.atom.itertuples())
    tables = "".join(_table(title, getattr(card, field)[columns], safe) for title, (field, columns) in TABLES.items())
    return (
        f"<article><h2>{safe(title)}{f': {safe(name)}' if name else ''}</h2>"
        f"{f'<p>{safe(note)}</p>' if note else ''}<p class='muted'>{safe(told)}.</p>{own}{places}"
        f"<div class='also'>{tables}</div></article>"
    )


def _shown(row: Any, safe: Callable[[object], str], said: str = "") -> str:
    place = f"{safe(row.before)}<mark>{safe(row.token)}</mark>{safe(row.after)}"
    return f"<p class='place' title='{safe(row.origin)}'>{said}{place}</p>"


def _table(title: str, frame: pd.DataFrame, safe: Callable[[object], str]) -> str:
    if frame.empty:
        return ""
    head = "".join(f"<th>{safe(name)}</th>" for name in frame.columns)
    rows = "".join(f"<tr>{''.join(_cell(value, safe) for value in row)}</tr>" for row in frame.itertuples(index=False))
    return f"<table><caption>{safe(title)}</caption><tr>{head}</tr>{rows}</table>"


def _cell(value: object, safe: Callable[[object], str]) -> str:
    if isinstance(value, str):
        return f"<td>{safe(value)}</td>"
    return f"<td class='n'>{value:.2f}</td>" if isinstance(value, float) else f"<td class='n'>{value}</td>"
