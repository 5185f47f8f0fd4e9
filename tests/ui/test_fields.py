"""The form follows the Spec: a widget a field, with its limits, its default and its docstring."""

from typing import Any, ClassVar, Literal

import pytest
from pydantic import Field
from streamlit.testing.v1 import AppTest

from probes.analyses import ANALYSES
from probes.contract import Spec
from probes.ui import fields


class Toy(Spec):
    kind: ClassVar[str] = "toy"

    mode: Literal["a", "b"] = "a"
    """Which way."""
    count: int = Field(3, ge=2, lt=10)
    share: float = Field(0.01, gt=0, le=1)
    limit: int | None = None
    flag: bool = True
    name: str = "x"
    ids: tuple[str, ...] = ("p", "q")


def draw(spec: type[Spec], **given: Any) -> AppTest:
    def script(spec: "type[Spec]", given: "dict[str, Any]") -> None:  # run without this module's names
        import streamlit as st

        from probes.ui.fields import form

        st.session_state["asked"] = form(spec, main=list(spec.model_fields)[:1], given=spec(**given) if given else None)

    return AppTest.from_function(script, kwargs={"spec": spec, "given": given}, default_timeout=30).run()


def press(at: AppTest) -> Any:
    at.button[0].click().run()
    assert not at.exception
    return at.session_state["asked"]


def test_untouched_form_asks_the_default_question() -> None:
    assert press(draw(Toy)) == Toy()


def test_nothing_is_asked_before_the_button_is_pressed() -> None:
    assert draw(Toy).session_state["asked"] is None


def test_a_run_opened_by_its_address_fills_the_form() -> None:
    given = {"mode": "b", "count": 9, "share": 0.5, "limit": 4, "flag": False, "name": "", "ids": ("r",)}
    assert press(draw(Toy, **given)) == Toy(**given)


def test_limits_and_words_come_from_the_field() -> None:
    at = draw(Toy)
    count = at.number_input(key="toy_count")
    assert (count.min, count.max, count.value, count.label) == (2, 9, 3, "Count")
    assert at.number_input(key="toy_limit").value is None
    assert at.selectbox(key="toy_mode").help == "Which way."


def test_what_the_browser_sends_is_checked_again() -> None:
    class Even(Toy):
        kind: ClassVar[str] = "toy"
        count: int = Field(3, ge=2, lt=10, multiple_of=3)

    at = draw(Even)
    at.number_input(key="toy_count").set_value(4)
    assert press(at) is None
    assert "count" in at.error[0].value
    assert "multiple of 3" in at.error[0].value


def test_a_type_without_a_widget_is_named() -> None:
    class Odd(Spec):
        kind: ClassVar[str] = "odd"
        table: dict[str, int] = Field(default_factory=dict)

    with pytest.raises(TypeError, match="No widget is known for field 'table'"):
        fields.widget("odd_table", "table", Odd.model_fields["table"], {})


def stands_alone(analysis: Any) -> bool:
    """Say whether a question can be asked without naming another run: only then is it a form's."""
    return not analysis.live and not any(field.is_required() for field in analysis.spec.model_fields.values())


@pytest.mark.parametrize("analysis", [a for a in ANALYSES if stands_alone(a)], ids=lambda a: a.kind)
def test_every_question_has_a_form_that_asks_its_default(analysis: Any) -> None:
    assert press(draw(analysis.spec)) == analysis.spec()
