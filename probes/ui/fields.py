"""One widget a field: the form of a Spec, drawn from its types, bounds, defaults and docstrings."""

import types
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import streamlit as st
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from probes.contract import Spec
from probes.errors import StrataError
from probes.ui import choices
from probes.ui.refusals import refuse, refuse_fields

S = TypeVar("S", bound=Spec)


def form(kind: type[S], *, main: Sequence[str], given: S | None = None, submit: str = "Run") -> S | None:
    """Draw the question's form, `main` fields in front and the others folded away; return the Spec when submitted.

    `given` (a run opened by its address) fills the fields in place of the defaults. A value the Spec refuses is
    said under the form, and nothing is returned.
    """
    rest = [name for name in kind.model_fields if name not in main]
    with st.form(f"{kind.kind}_form"):
        values = _row(kind, main, given)
        if rest:
            with st.expander("More options"):
                values |= _row(kind, rest, given)
        pressed = st.form_submit_button(submit, type="secondary", icon=":material/play_arrow:")
    return spec(kind, **values) if pressed else None


def spec(kind: type[S], **values: Any) -> S | None:
    """Build the Spec, or show which values it refuses and return None."""
    try:
        return kind(**values)
    except ValidationError as error:
        refuse_fields(error)
    except StrataError as error:
        refuse(error)
    return None


def _row(kind: type[Spec], names: Iterable[str], given: Spec | None) -> dict[str, Any]:
    columns = st.columns(4)
    values = {}
    for i, name in enumerate(names):
        info = kind.model_fields[name]
        start = getattr(given, name) if given else info.get_default(call_default_factory=True)
        with columns[i % len(columns)]:
            values[name] = widget(f"{kind.kind}_{name}", name, info, start)
    return values


def widget(key: str, name: str, info: FieldInfo, start: Any) -> Any:
    """Draw the widget for one field and return its value; a type without a widget is a TypeError."""
    label = choices.LABELS.get(key) or choices.LABELS.get(name) or name.replace("_", " ").capitalize()
    about = info.description
    kind, optional = _core(info.annotation)
    named = choices.NAMED.get(key) or choices.NAMED.get(name)
    if named or get_origin(kind) is Literal:
        options = named() if named else list(get_args(kind))
        return _choose(key, label, about, options, start)
    if kind is bool:
        return st.toggle(label, value=start, key=key, help=about)
    if kind in (int, float):
        value = _number(key, label, info, start)
        return value if optional or value is not None else start
    if kind is str:
        return st.text_input(label, value=start or "", key=key, help=about) or (None if optional else "")
    if get_origin(kind) is tuple and (among := list(get_args(get_args(kind)[0]))):
        return tuple(st.multiselect(label, among, default=list(start or ()), key=key, help=about))
    if get_origin(kind) is tuple:
        text = st.text_input(label, value=", ".join(map(str, start or ())), key=key, help=about)
        return tuple(part.strip() for part in text.split(",") if part.strip())
    raise TypeError(f"No widget is known for field '{name}' of type {info.annotation}.")


def _choose(key: str, label: str, about: str | None, options: list[str], start: Any) -> Any:
    free = key.rpartition("_")[2] in choices.FREE
    options = options if start in options or start is None else [*options, start]
    index = options.index(start) if start is not None else None
    show = choices.SHOWN.get(key, str)
    return st.selectbox(label, options, index=index, key=key, help=about, accept_new_options=free, format_func=show)


def _number(key: str, label: str, info: FieldInfo, start: float | None) -> Any:
    """Draw a number between the field's own limits; an optional one is left empty to mean None."""
    kind, _ = _core(info.annotation)
    low, high = _bounds(info, kind)
    # a tenth of the default: a learning rate of 0.01 moves in thousandths, and all its digits are shown
    fine: dict[str, Any] = {"step": (start or 1.0) / 10, "format": "%g"} if kind is float else {}
    first = None if start is None else kind(start)
    return st.number_input(label, low, high, first, key=key, help=info.description, **fine)


def _core(annotation: Any) -> tuple[Any, bool]:
    """Return the type inside `X | None`, and whether None is allowed."""
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [a for a in get_args(annotation) if a is not type(None)]
        return inner[0], len(inner) < len(get_args(annotation))
    return annotation, False


def _bounds(info: FieldInfo, kind: type[int] | type[float]) -> tuple[Any, Any]:
    """Return the least and the greatest value the field's own limits allow; None where there is none."""
    low = high = None
    step = 1 if kind is int else 1e-9
    for limit in info.metadata:
        low = getattr(limit, "ge", low)
        low = limit.gt + step if getattr(limit, "gt", None) is not None else low
        high = getattr(limit, "le", high)
        high = limit.lt - step if getattr(limit, "lt", None) is not None else high
    return (None if low is None else kind(low)), (None if high is None else kind(high))
