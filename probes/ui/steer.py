"""The Steer section of the Codebooks page: codes turned up, taken away or swapped while writing; and codes patched."""

import html
from typing import Any

import streamlit as st

from probes.codebooks import CodebookSpec, CodePatchSpec, CodeSteerResult, CodeSteerSpec, SearchSpec
from probes.codebooks.concept_list import CONCEPTS
from probes.codebooks.names import TRAINED
from probes.codebooks.steer import PLAIN, STEERED
from probes.figures.words import visible
from probes.models.tasks import predicts
from probes.ui import address
from probes.ui.answers import live, submit
from probes.ui.fields import spec, widget
from probes.ui.results import rows, show
from probes.ui.text import plain

_HOW = {"activate": "Activate", "suppress": "Suppress", "swap": "Swap"}
_DEMO = "True or False"
"""The concept whose code the demo turns up."""
_SHOWN = 8
"""Samples shown beside each other."""
_PATIENCE = 300
"""Seconds that writing may take: some samples of a few hundred tokens on a CPU."""
_CODES, _TOPIC, _ASKED = "steer_codes", "steer_topic", "steered"
_PROMPT = "def check(value):\n    "
_PATCHED = ("def area(width, height):\n    return width", "def greet(name, title):\n    print(name")


def steering(question: CodebookSpec, result: Any) -> None:
    """Draw what can be steered, the form, and the texts; a model that does not predict the next token is refused."""
    if not predicts(question.model, question.revision):
        st.info(
            f"{plain(question.model)} does not predict the next token, so there is nothing to steer. Fit codes to a "
            "decoder, such as smollm2, and they can be turned up and down while it writes.",
            icon=":material/block:",
        )
        st.caption(
            "20,000 tokens of the standard library, 512 codes at layers 4, 8 and 12: a few minutes the first time."
        )
        if st.button("Fit codes to smollm2", icon=":material/play_arrow:", key="steer_decoder"):
            submit(CodebookSpec(model="smollm2", layers="4, 8, 12", codes=512))
        return
    st.caption(
        "Codes are turned up, taken away or put in each other's place while the model writes; it is not changed. All "
        "texts share their random numbers. Beside them: another code's vector of equal length, and, for a topic that "
        "is in the run's texts, the difference of means."
    )
    _found_by_concept(question)
    asked = _form(question)
    if address.given(_ASKED) == "yes" and asked:
        found = live(asked, seconds=_PATIENCE)
        if found:
            show(found, asked)
            st.html(side_by_side(found))
            with st.expander("All conditions"):
                rows(found.side_by_side(), key="steer_texts")
    with st.expander("Patch the codes of one prompt into another", icon=":material/content_paste_go:"):
        _patching(question, result)


def _found_by_concept(question: CodebookSpec) -> None:
    """Draw the choice of a concept whose best code is put into the form, and the demo, which asks at once."""
    named = {concept.name: concept for concept in CONCEPTS}
    which, put, demo = st.columns([2, 1, 1], vertical_alignment="bottom")
    name = which.selectbox(
        "Find the code of a concept", list(named), list(named).index(_DEMO), key="steer_concept", help="By search."
    )
    if put.button("Take its code", icon=":material/search:", key="steer_take"):
        _take(question, named[str(name)].name)
    if demo.button("Run the demo", icon=":material/play_arrow:", key="steer_demo", type="primary"):
        _take(question, _DEMO)
        address.remember(_ASKED, "yes")


def _take(question: CodebookSpec, name: str) -> None:
    (concept,) = [concept for concept in CONCEPTS if concept.name == name]
    search = spec(SearchSpec, run=question.digest, pattern=concept.pattern, by=concept.by, part=concept.part, top=1)
    found = live(search)
    if found:
        best = found.codes.iloc[0]
        st.session_state[_CODES] = f"{best.layer}:{best.book}:{best.code}"
        st.session_state[_TOPIC] = concept.pattern if concept.by == "regex" else ""
        st.caption(f"{plain(found.headline())}")


def _form(question: CodebookSpec) -> CodeSteerSpec | None:
    """Draw the form and return its question, or None while it names no code."""
    st.session_state.setdefault(_CODES, "")
    st.session_state.setdefault(_TOPIC, "")
    about = {name: field.description for name, field in CodeSteerSpec.model_fields.items()}
    said: dict[str, Any] = {}
    trained = question.method == TRAINED
    usual = 1.0 if trained else 0.5  # a code that is forced is there, or not
    strong = "steer_strength_forced" if trained else "steer_strength"  # one run's number is not to stay for another's
    with st.form("steer_form"):
        what, how, to, strength = st.columns([2, 1, 1, 1])
        said["codes"] = what.text_input("Codes", key=_CODES, placeholder="2:17, 6:0:3", help=about["codes"])
        said["how"] = how.selectbox("How", list(_HOW), key="steer_how", format_func=_HOW.__getitem__, help=about["how"])
        said["to"] = to.text_input("Swap for", key="steer_to", help=about["to"])
        said["strength"] = strength.number_input(
            "Strength", -100.0, 100.0, usual, 0.25, key=strong, help=about["strength"]
        )
        left, right = st.columns(2)
        said["prompt"] = left.text_area("Prompt", _PROMPT, key="steer_prompt", height=124)
        said["topic"] = right.text_input("Topic (regular expression)", key=_TOPIC, help=about["topic"])
        said["prompted"] = right.text_input("A prompt to compare with", key="steer_prompted", help=about["prompted"])
        with st.expander("More options"):
            said |= _options()
        if st.form_submit_button("Write", icon=":material/edit:"):
            address.remember(_ASKED, "yes")
    if not said["codes"] or not said["prompt"]:
        st.caption("Name a code, or take that of a concept.")
        return None
    return spec(CodeSteerSpec, run=question.digest, **said)


def _options() -> dict[str, Any]:
    found = {}
    names = ("samples", "tokens", "temperature", "top_p", "seed")
    for column, name in zip(st.columns(5), names, strict=True):
        field = CodeSteerSpec.model_fields[name]
        with column:
            found[name] = widget(f"steer_{name}", name, field, field.default)
    return found


def side_by_side(found: CodeSteerResult) -> str:
    """Return the first texts without and with, as an escaped table of HTML."""
    table = found.side_by_side().head(_SHOWN)
    cell = "vertical-align:top;width:50%;padding:.35rem .8rem .35rem 0;border-top:1px solid rgba(128,128,128,.4);"
    cell += "font-family:'Source Code Pro',monospace;font-size:.8rem;white-space:pre-wrap"
    texts = zip(table[PLAIN], table[STEERED], strict=True)
    pairs = [[html.escape(_lines(str(text))) for text in pair] for pair in texts]
    body = "".join(f'<tr><td style="{cell}">{one}</td><td style="{cell}">{other}</td></tr>' for one, other in pairs)
    titles = "".join(f"<th scope='col' style='text-align:left'>{name}</th>" for name in ("Without", "With"))
    return f"<table style='width:100%;border-collapse:collapse;table-layout:fixed'><tr>{titles}</tr>{body}</table>"


def _lines(text: str) -> str:
    """Keep the lines of a text, and make every other character seen."""
    return "\n".join(visible(line) if line else "" for line in text.split("\n"))


def _patching(question: CodebookSpec, _result: Any) -> None:
    """Draw two prompts, and where the first one's codes take the second's output."""
    with st.form("patch_form"):
        left, right = st.columns(2)
        source = left.text_area("Codes from", _PATCHED[0], key="patch_source", height=100)
        target = right.text_area("put into", _PATCHED[1], key="patch_target", height=100)
        pressed = st.form_submit_button("Patch", icon=":material/content_paste_go:")
    if not pressed:
        return
    asked = spec(CodePatchSpec, run=question.digest, source=source, target=target)
    found = live(asked)
    if asked and found:
        show(found, asked)
