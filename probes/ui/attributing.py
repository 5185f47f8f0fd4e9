"""Explaining a text while a person waits: the answer's own question, with another text, target, method or baseline."""

from typing import Any, get_args

import streamlit as st

from probes import analyses
from probes.attribution import AttributionSpec, TrustSpec
from probes.attribution.names import LAYERED, Method
from probes.models.choice import ReadsModel
from probes.models.tasks import task_at
from probes.ui.answers import live, submit
from probes.ui.drawing import chart
from probes.ui.fields import form, spec, widget
from probes.ui.results import rows
from probes.ui.text import headline, notes

_TARGETS = {
    "next": ["next token", "a token", "whole text", "similarity", "a code", "a class", "a span"],
    "masked": ["masked token", "similarity", "a code", "a class", "a span"],
    None: ["similarity", "a code", "a class", "a span"],
}
_ASKED: dict[str, tuple[str, ...]] = {
    "similarity": ("other",),
    "whole text": (),
    "next token": ("token", "against"),
    "a code": ("run", "code", "position"),
    "a class": ("run", "label", "position"),
    "a span": ("run", "label", "position"),
}
_NEEDED: dict[str, tuple[str, ...]] = {
    "integrated gradients": ("steps",),
    "layer integrated gradients": ("steps", "layers"),
    "layer conductance": ("steps", "layers"),
    "Shapley sampling": ("samples",),
    "KernelSHAP": ("samples",),
    "occlusion by node": ("language",),
    "attention": ("layer", "head"),
}
"""Fields that a target, or a method, needs beside the text."""
_QUICK = ("integrated gradients", "gradient x input", "feature ablation")
"""Methods that take one to some dozens of passes; what the others take is said."""


def explained(question: AttributionSpec, result: Any) -> None:
    """Draw the text and what is asked of it, and the answer to that from the warm worker."""
    left, right = st.columns([1, 2])
    with left:
        options = _TARGETS[task_at(question.model, question.revision)]
        start = question.target if question.target in options else options[0]
        target = st.selectbox("Explain", options, options.index(start), key="explain_target")
        methods = list(get_args(Method))
        method = st.selectbox("By", methods, methods.index(question.method), key="explain_method")
        base = _field("baseline", question)
    with right:
        text = st.text_area("Text", question.text, height=150, key="explain_text", persist_state="page")
    values = {"target": target, "method": method, "baseline": base, "text": text or ""}
    values |= _more(question, str(target), str(method))
    if method not in _QUICK:
        st.caption("This method reads the text many times: longer texts take some seconds to minutes.")
    asked = spec(AttributionSpec, **{**question.model_dump(), **values})
    if asked == question:
        st.caption("Change the text, the target or the method: the answer follows at once.")
        return
    found = live(asked)
    if asked and found:
        _shown(found, asked)
        if st.button("Open as an answer", icon=":material/open_in_new:", key="explain_open", help="With its files."):
            submit(asked)


def _shown(found: Any, asked: AttributionSpec) -> None:
    """Draw the sentence, the figure of this method, and the table."""
    headline(found.headline())
    notes(found.source.notes)
    figures = analyses.of(asked).figures
    names = ["signed_tokens"]
    names += ["tokens_by_layer"] if asked.method in LAYERED else []
    names += ["on_the_tree"] if len(found.nodes) else []
    for name in names:
        chart(figures[name], found, named=(asked.digest, name), key=f"explain_{name}", about=found.headline())
    rows(found.frame().round(4), key="explain_rows")


def _more(question: AttributionSpec, target: str, method: str) -> dict[str, Any]:
    """Draw the fields that this target and method need, and no others."""
    names = [*_ASKED.get(target, ("position", "token", "against")), *_NEEDED.get(method, ())]
    columns = st.columns(4)
    values = {}
    for i, name in enumerate(names):
        with columns[i % 4]:
            values[name] = _field(name, question)
    if method.startswith("attention"):
        values["attention"] = "eager"  # the only way that shows its weights
    return values


def _field(name: str, question: AttributionSpec) -> Any:
    return widget(f"explain_{name}", name, AttributionSpec.model_fields[name], getattr(question, name))


def judge(question: AttributionSpec, _result: Any) -> None:
    """Draw the form that judges methods on many texts, under the same model; a run of its own."""
    st.caption(
        "One text says little. Over many: do the values add up, does the score fall when the named tokens are taken "
        "out, do methods agree, and does the answer change when the weights are shuffled?"
    )
    model = {name: getattr(question, name) for name in ReadsModel.model_fields}
    asked = form(TrustSpec, main=("corpus", "language", "n", "methods"), given=TrustSpec(**model), submit="Judge")
    if asked is not None:
        submit(asked)
