"""What every Spec promises: plain JSON, a digest, refusals that name the field, and a command."""

import json
import re
from typing import Any, get_args

import annotated_types
import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from probes import __main__ as command
from probes import analyses
from probes.analyses import ANALYSES
from probes.contract import Analysis
from probes.errors import StrataError

each = pytest.mark.parametrize("analysis", ANALYSES, ids=lambda a: a.kind)


def another(field: FieldInfo, value: Any) -> Any:
    """Return a valid value of a field other than `value`."""
    choices = [c for c in get_args(field.annotation) if isinstance(c, str)]
    if choices or field.examples:
        return next(c for c in choices or field.examples or () if c != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        most = min([m.le for m in field.metadata if isinstance(m, annotated_types.Le)], default=float("inf"))
        return value + 1 if value + 1 <= most else value / 2
    if isinstance(value, tuple):  # of runs, of choices, or of names
        if value and re.fullmatch("[0-9a-f]{32}", str(value[0])):
            return (*value, value[0][::-1])
        within = get_args(next(iter(get_args(field.annotation)), str))  # of a tuple of choices, one it does not hold
        return (next(c for c in within if c not in value),) if within else (*value, "x")
    if isinstance(value, str) and re.fullmatch("[0-9a-f]{32}", value):
        return value[::-1] if value != value[::-1] else "0" * 32
    return f"{value or ''}x"


@each
def test_a_question_round_trips_through_its_canonical_json(analysis: Analysis, small_run: Any) -> None:
    spec = small_run.specs[analysis.kind]
    text = spec.canonical()
    assert analyses.from_json(text) == spec
    assert analyses.from_json(text).canonical() == text
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False) == text
    whole = json.loads(text)
    assert (whole["kind"], whole["version"]) == (analysis.kind, analysis.spec.version)
    assert set(whole["spec"]) == set(analysis.spec.model_fields)


@each
def test_the_digest_is_plain_in_a_url_and_pinning_is_final(analysis: Analysis, small_run: Any) -> None:
    spec = small_run.specs[analysis.kind]
    assert re.fullmatch("[0-9a-f]{32}", spec.digest)
    assert spec.pinned() == spec.pinned().pinned()
    assert spec.pinned().digest == spec.digest  # the small questions are pinned


@each
def test_the_digest_moves_with_every_field(analysis: Analysis, small_run: Any) -> None:
    spec = small_run.specs[analysis.kind]
    for name, field in analysis.spec.model_fields.items():
        value = another(field, getattr(spec, name))
        changed = analyses.parse(analysis.kind, {**spec.model_dump(), name: value})
        assert getattr(changed, name) == value != getattr(spec, name), name
        assert changed.digest != spec.digest, name


@each
def test_a_wrong_value_is_refused_by_the_name_of_its_field(analysis: Analysis, small_run: Any) -> None:
    right = small_run.specs[analysis.kind].model_dump()
    for name in analysis.spec.model_fields:
        with pytest.raises(StrataError) as refusal:
            analyses.parse(analysis.kind, {**right, name: {"not": "a plain value"}})
        assert refusal.value.code == "E-SPEC", name
        assert name in refusal.value.what
        assert "not" in refusal.value.what, name


@each
def test_every_field_is_described_and_frozen(analysis: Analysis, small_run: Any) -> None:
    spec = small_run.specs[analysis.kind]
    for name, field in analysis.spec.model_fields.items():
        assert field.description, name
        with pytest.raises(ValidationError, match="frozen"):
            setattr(spec, name, getattr(spec, name))


@each
def test_nothing_but_the_fields_is_taken(analysis: Analysis, small_run: Any) -> None:
    with pytest.raises(StrataError, match="no_such_field") as refusal:
        analyses.parse(analysis.kind, {**small_run.specs[analysis.kind].model_dump(), "no_such_field": 1})
    assert refusal.value.code == "E-SPEC"


@each
def test_the_command_has_an_option_for_each_field(analysis: Analysis, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        command.main([analysis.kind, "--help"])
    assert done.value.code == 0
    said = capsys.readouterr().out
    for name in analysis.spec.model_fields:
        assert f"--{name.replace('_', '-')} " in said, name
