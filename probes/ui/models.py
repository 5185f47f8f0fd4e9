"""Choosing a model: the lists, the fields, what it takes against what is free here, and the button that loads it."""

from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from probes.checkup import ModelSpec, SizeResult, SizeSpec
from probes.contract import Spec
from probes.devices import Device, devices
from probes.models import catalogue, memory, presets
from probes.ui.answers import known, live, submit
from probes.ui.fields import spec, widget
from probes.ui.text import plain

S = TypeVar("S", bound=Spec)

ALWAYS, PAPERS = "Always there", "Models of the papers"
HERE, FETCH, NEEDS_HUB = "on this machine", "can be fetched", "needs the hub"
_GREY = "color: #808080"
"""Readable on white and on black: a model that cannot be had now can still be looked at."""
_ROWS = 7
"""Rows of a list seen at once; the others are scrolled to."""


def folded(label: str) -> Any:
    """Return where the choice goes: open at first, folded into one line once the address names a run."""
    if known(st.query_params.get("run", "")):
        return st.expander(label, icon=":material/tune:")
    return st.container()


def demo(question: Spec, about: str, *, label: str = "Run the demo", key: str = "demo") -> None:
    """Draw a button that asks one fixed question."""
    asked_before = known(st.query_params.get("run", ""))
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            label,
            type="secondary" if asked_before else "primary",
            icon=":material/play_arrow:",
            key=f"{question.kind}_{key}",
        )
        st.caption(about)
    if pressed:
        submit(question)


def choose(main: tuple[str, ...] = ("dtype", "tokens", "texts", "layers")) -> SizeSpec | None:
    """Draw the lists of models and the fields; return the question chosen, None before a model was."""
    kind = SizeSpec.kind
    _list(f"{kind}_model")
    options = [*catalogue.names(), *presets.presets()]
    typed = st.session_state.get(f"{kind}_model")
    options += [typed] if typed and typed not in options else []
    name = st.selectbox(
        "Model",
        options,
        index=None,
        key=f"{kind}_model",
        accept_new_options=True,
        placeholder="Choose one, or type a hub id (owner/model) or a folder with config.json and safetensors",
        help=SizeSpec.model_fields["model"].description,
    )
    values = _row(main)
    with st.expander("More options"):
        values |= _row(tuple(n for n in SizeSpec.model_fields if n not in ("model", *main)))
    return spec(SizeSpec, model=name.strip(), **values) if name else None


def _row(names: tuple[str, ...]) -> dict[str, Any]:
    columns = st.columns(4)
    fields = SizeSpec.model_fields
    values = {}
    for i, name in enumerate(names):
        with columns[i % len(columns)]:
            start = fields[name].get_default(call_default_factory=True)
            values[name] = widget(f"{SizeSpec.kind}_{name}", name, fields[name], start)
    return values


def _list(target: str) -> None:
    """Draw one of the two lists; choosing a row chooses its model below."""
    shown = st.segmented_control(
        "Models", [ALWAYS, PAPERS], default=ALWAYS, required=True, label_visibility="collapsed", key=f"{target}_list"
    )
    table = _papers() if shown == PAPERS else _always()
    ids = table.pop("id").tolist()
    reasons = set(table.pop("why")) - {""}
    grey = table["now"] == NEEDS_HUB
    styled = table.style.apply(lambda row: [_GREY if grey[row.name] else ""] * len(row), axis=1)
    key = f"{target}_{'papers' if shown == PAPERS else 'always'}"
    st.dataframe(
        styled,
        hide_index=True,
        height=35 * (min(len(table), _ROWS) + 1) + 3,
        key=key,
        on_select=lambda: _chosen(key, ids, target),
        selection_mode="single-row",
        alt=f"{shown}: {', '.join(table['model'])}",
    )
    if reasons:
        st.caption(f"Grey: {plain('; '.join(sorted(reasons)))}. These can be weighed here, and not be loaded.")


def _chosen(key: str, ids: list[str], target: str) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(ids):
        st.session_state[target] = ids[rows[0]]


def _always() -> pd.DataFrame:
    rows = [
        {
            "id": e.name,
            "model": e.name,
            "parameters": f"{e.parameters / 1e6:,.0f} M",
            "layers × width": f"{e.layers} × {e.width}",
            "licence": e.licence,
            "weights": "4-bit, de-quantised" if e.quantised else "original",
            "now": HERE if e.cached else FETCH,
            "for": e.role,
            "why": "",
        }
        for e in catalogue.entries().values()
    ]
    return pd.DataFrame(rows)


def _papers() -> pd.DataFrame:
    table = presets.table().rename(columns={"hub id": "id", "obstacle": "why"})
    here = [HERE if presets.cached(hub) else FETCH for hub in table["id"]]
    now = [NEEDS_HUB if why else where for why, where in zip(table["why"], here, strict=True)]
    table.insert(len(table.columns) - 2, "now", now)
    return table


def verdict(question: SizeSpec) -> None:
    """Say whether the model fits, in one sentence with its numbers, and what to do when it does not; then the table."""
    found = live(question)
    if found is None:
        return
    there = devices()
    here, others = _asked(question, there)
    wanted = memory.need(found.shape, question.work, question.precision)
    numbers = (
        f"{memory.size(wanted.needed)} in {question.precision}, and {memory.size(here.free)} are free on {here.name}"
    )
    with st.container(border=True):
        if wanted.needed <= here.free:
            st.success(f"**It fits**: it takes {numbers}.", icon=":material/check_circle:")
        else:
            ways = memory.remedies(found.shape, question.work, question.precision, here, others)
            lines = "\n".join(f"- {plain(way)}" for way in ways)
            st.warning(f"**It does not fit**: it takes {numbers}.\n\n{lines}", icon=":material/memory:")
        _facts(question, found)
        st.dataframe(
            _table(found, there, question.precision),
            hide_index=True,
            column_config={"": st.column_config.Column(width=40)},
        )


def _asked(question: SizeSpec, there: tuple[Device, ...]) -> tuple[Device, tuple[Device, ...]]:
    """Return the device the question means (all GPUs together counted as one) and the others; "auto" is the first."""
    name = question.device
    cards = [d for d in there if d.name.startswith("cuda")]
    if name == "all" and cards:
        whole = Device("all", f"{len(cards)} GPUs", sum(d.free for d in cards), sum(d.total for d in cards))
        return whole, tuple(d for d in there if d not in cards)
    named = [d for d in there if d.name == name or (name == "cuda" and d.name == "cuda:0")]
    here = named[0] if named else there[0]
    return here, tuple(d for d in there if d != here)


def _facts(question: SizeSpec, found: SizeResult) -> None:
    reach = f"{found.context:,} tokens" if 0 < found.context < 1 << 20 else "no fixed end"
    facts = {
        "parameters": f"{found.millions:,.1f} M",
        "layers × width": f"{found.depth} × {found.width}",
        "context": reach if found.context else "known once loaded",
        "family": found.family,
        "licence": _licence(question.model),
    }
    said = " · ".join(f"{name} **{plain(value)}**" for name, value in facts.items() if value)
    st.markdown(said)
    st.caption(plain(f"Parameters {found.counted}. In each forward pass {found.tokens:,} tokens."))


def _licence(model: str) -> str:
    if model in catalogue.names():
        return catalogue.entry(model).licence
    known_preset = presets.presets().get(model)
    return known_preset.licence if known_preset else ""


def _table(found: SizeResult, there: tuple[Device, ...], precision: str) -> pd.DataFrame:
    """Return one row a precision: what it takes, and on each device whether it fits or how much is missing."""
    rows = []
    for row in found.needs.itertuples():
        cells = {"": "●" if row.precision == precision else "", "precision": row.precision}
        cells |= {part: memory.size(getattr(row, part)) for part in ("weights", "activations")}
        cells["together"] = memory.size(row.needed)
        for device in there:
            cells[f"{device.name}, {memory.size(device.free)} free"] = _fits(row.precision, row.needed, device)
        rows.append(cells)
    return pd.DataFrame(rows)


def _fits(precision: str, needed: int, device: Device) -> str:
    if precision.endswith("bit") and not device.name.startswith("cuda"):
        return "needs a CUDA GPU"
    return "fits" if needed <= device.free else f"{memory.size(needed - device.free)} too much"


def load(question: SizeSpec) -> None:
    """Draw "Load and check" with what stands in its way; submit the model's self-check when pressed."""
    preset = presets.presets().get(question.model)
    why = presets.obstacle(preset) if preset else ""
    if st.button("Load and check", type="primary", icon=":material/fact_check:", key="model_load", disabled=bool(why)):
        chosen = spec(ModelSpec, **{name: getattr(question, name) for name in ModelSpec.model_fields})
        if chosen is not None:
            submit(chosen)
    if why:
        st.caption(plain(f"It cannot be loaded now: {why}, and it is not in the local hub cache."))
    elif preset and preset.weights == "bin":
        st.caption(
            "Its weights are published as a pickle alone, which Strata does not open as it is. Once, it is converted: "
            f"`python -m probes models convert {question.model}`"
        )
