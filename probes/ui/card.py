"""One code's card on a page: its places, its tables, what it does to the model, its name and note, and it as a file."""

import html
from typing import Any

import streamlit as st

from probes import store
from probes.codebooks import CardSpec, CodebookResult, CodebookSpec, browse, sheet
from probes.errors import StrataError
from probes.figures.words import visible
from probes.models.tasks import predicts
from probes.ui.answers import live
from probes.ui.fields import spec
from probes.ui.refusals import refuse
from probes.ui.results import rows, show
from probes.ui.text import plain

_LINE = "font-family:'Source Code Pro',monospace;font-size:.8rem;white-space:pre-wrap;margin:0 0 .45rem 0"
_MARK = "background:rgba(230,159,0,.4);color:inherit;border-radius:3px;padding:0 2px"


def named(digest: str, layer: str, book: int) -> dict[int, str]:
    """Return what codes of a book are called, by number."""
    notes = store.code_notes(digest).values()
    return {note.code: note.name for note in notes if (note.layer, note.book) == (layer, book) and note.name}


def drawn(question: CodebookSpec, result: CodebookResult, card: browse.Card) -> bool:
    """Draw a code's card, with everything that can be said of it; return whether what it does is asked for too."""
    note = store.code_notes(question.digest).get((card.layer, card.book, card.code))
    where = f", book {card.book}" if card.book else ""
    name = f": {plain(note.name)}" if note and note.name else ""
    st.markdown(f"**Code {card.code} of layer {plain(card.layer)}{where}**{name}")
    if note and note.note:
        st.caption(plain(note.note))
    said = f"{card.count:,} held-out tokens ({card.share:.2%}) in {card.texts:.0%} of texts, {card.fitted:,} in fitting"
    st.caption(said + browse.of_seeds(card) + ".")
    if not card.count:
        st.info("No held-out token takes this code.", icon=":material/block:")
    if len(card.atom):
        st.caption("It is the state of this token, which the codes were drawn from:")
        st.html(contexts_of(card.atom))
        st.caption("Held-out tokens that take it, the best decoded first:")
    st.html(contexts_of(card.contexts))
    _tables(card)
    does, naming, saving = st.columns(3)
    key = f"{card.layer}_{card.book}_{card.code}"
    asked = does.toggle("What it does", key="card_effect", help="Nudges it in held-out texts and asks the model.")
    with naming.popover("Name and note", icon=":material/edit_note:", use_container_width=True):
        _naming(question.digest, card, note, key)
    with saving.popover("Save cards", icon=":material/download:", use_container_width=True):
        _saving(question, result, card)
    return bool(asked)


def _tables(card: browse.Card) -> None:
    words, leaves, near, together, places = st.tabs(["Words", "Leaves", "Nearest codes", "Fires with", "Best to worst"])
    with words:
        st.caption("Recall: which share of a word's tokens takes this code.")
        rows(card.words.round(3), key="card_words")
    with leaves:
        st.caption("On held-out tokens; sorted by F1 on the fitted ones. Low and high: 95 % interval over texts.")
        rows(card.picks.round(2), key="card_leaves")
    with near:
        st.caption("Codes of the same book that point most the same way.")
        rows(card.near.round(3), key="card_near")
    with together:
        st.caption("In each layer and book, the other code that shares most of its tokens (Jaccard overlap).")
        rows(card.together.round(3), key="card_together")
    with places:
        st.caption("Places by how far the state is from its code: the best decoded, quartiles, the worst.")
        rows(card.quantiles[["quantile", "before", "token", "after", "error"]].round(3), key="card_quantiles")


def effect(question: CodebookSpec, card: browse.Card) -> None:
    """Draw what a code does where it fires, or say why that cannot be asked."""
    if not predicts(question.model, question.revision):
        st.caption(f"{plain(question.model)} does not predict the next token: only where the code fires is shown.")
    asked = spec(CardSpec, run=question.digest, layer=card.layer, book=card.book, code=card.code)
    found = live(asked)
    if asked and found:
        show(found, asked)


def _naming(digest: str, card: browse.Card, note: store.CodeNote | None, key: str) -> None:
    """Draw the form that names a code; what is saved is seen by everybody who uses this store."""
    with st.form(f"code_note_{key}", border=False):
        name = st.text_input("Name", note.name if note else "", max_chars=store.NAME, key=f"code_name_{key}")
        said = st.text_area("Note", note.note if note else "", max_chars=store.SAID, key=f"code_said_{key}")
        if st.form_submit_button("Save", icon=":material/save:"):
            try:
                store.note_code(digest, store.CodeNote(card.layer, card.book, card.code, name, said))
            except StrataError as error:
                refuse(error)
            else:
                st.rerun()


def _saving(question: CodebookSpec, result: CodebookResult, card: browse.Card) -> None:
    """Draw the buttons that save this card, and those of all codes with a name, as one HTML file."""
    notes = store.code_notes(question.digest)
    said = {place: (note.name, note.note) for place, note in notes.items()}

    def page(cards: list[browse.Card]) -> bytes:
        return sheet.page(result, question.digest, cards, said, visible).encode()

    def every() -> bytes:
        known = [place for place in notes if place[0] in result.layers]
        return page([browse.card(result, *place) for place in known])

    st.download_button(
        "This card (HTML)",
        lambda: page([card]),
        f"code-{card.layer}-{card.book}-{card.code}.html",
        "text/html",
        on_click="ignore",
        key="card_html",
    )
    label = f"All {len(notes)} codes with a name or note (HTML)"
    st.download_button(label, every, "codes.html", "text/html", on_click="ignore", key="cards_html", disabled=not notes)
    st.caption("One file that stands alone: no script, nothing fetched. Figures are saved under “What it does”.")


def contexts_of(places: Any) -> str:
    """Return places of a code (before, token, after, origin) as escaped HTML, the token marked in each."""
    parts = []
    for row in places.itertuples():
        before, token, after = (_shown(str(part)) for part in (row.before, row.token, row.after))
        place = html.escape(visible(str(row.origin)))
        parts.append(f'<p style="{_LINE}" title="{place}">{before}<mark style="{_MARK}">{token}</mark>{after}</p>')
    return "".join(parts) or "<p></p>"


def _shown(text: str) -> str:
    return html.escape(visible(text)) if text else ""
