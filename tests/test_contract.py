import dataclasses
import hashlib
import json
from typing import ClassVar

import pytest
from pydantic import Field, ValidationError

from probes import analyses
from probes.analyses import ANALYSES, find, from_json, of, parse
from probes.contract import Analysis, Progress, Spec, resolve
from probes.errors import StrataError
from probes.syntax import SnippetSpec, SyntaxSpec


class ToySpec(Spec):
    """Count to n."""

    kind: ClassVar[str] = "toy"
    n: int = Field(3, ge=1)
    """How far."""
    name: str = "ä"


def test_the_canonical_text_and_its_digest_stay_the_same_between_releases() -> None:
    text = '{"kind":"toy","spec":{"n":3,"name":"ä"},"version":1}'
    assert ToySpec().canonical() == text
    assert ToySpec().digest == hashlib.sha256(text.encode()).hexdigest()[:32]


def test_kind_and_version_are_part_of_the_question() -> None:
    class Other(ToySpec):
        kind: ClassVar[str] = "other"

    class Newer(ToySpec):
        version: ClassVar[int] = 2

    assert len({ToySpec().digest, Other().digest, Newer().digest}) == 3


def test_the_same_question_in_other_words_is_the_same_question() -> None:
    assert ToySpec(n="3", name="ä").digest == ToySpec(name="ä", n=3.0).digest == ToySpec().digest


def test_a_docstring_under_a_field_describes_it() -> None:
    assert ToySpec.model_fields["n"].description == "How far."


def test_a_spec_is_frozen_and_takes_nothing_else() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ToySpec().n = 4  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra_forbidden"):
        ToySpec(m=1)  # type: ignore[call-arg]
    assert ToySpec().pinned() == ToySpec()


def test_an_analysis_names_its_parts_and_imports_them_on_use() -> None:
    toy = Analysis(
        ToySpec, "test_contract:count", "test_contract:Toy", ("test_contract:draw", "test_contract:count"), ""
    )
    assert toy.kind == "toy"
    assert not toy.live
    assert toy.run(ToySpec(), Progress()) == 3
    assert list(toy.figures) == ["draw", "count"]
    assert toy.result.__name__ == "Toy"
    with pytest.raises(dataclasses.FrozenInstanceError):
        toy.live = True  # type: ignore[misc]


class Toy:
    pass


def count(spec: ToySpec, progress: Progress) -> int:
    progress.report(spec.n, spec.n)
    return spec.n


def draw(result: object) -> str:
    return "drawn"


def test_resolve_returns_what_is_named() -> None:
    assert resolve("json:dumps") is json.dumps
    with pytest.raises(ModuleNotFoundError):
        resolve("no_such_module:x")


class Heard(Progress):
    def __init__(self) -> None:
        self.heard: list[tuple[float, str]] = []

    def report(self, done: float, total: float, note: str = "") -> None:
        self.heard.append((round(done / total, 6), note))


def test_a_part_of_a_progress_fills_its_share() -> None:
    whole = Heard()
    part = whole.step(0.2, 0.6)
    part.report(0, 10, "a")
    part.report(5, 10, "b")
    part.step(0.5, 1).report(1, 2, "c")
    part.report(0, 0, "nothing to do")
    assert whole.heard == [(0.2, "a"), (0.4, "b"), (0.5, "c"), (0.6, "nothing to do")]


def test_a_progress_that_shows_nothing_is_fine() -> None:
    Progress().step(0, 1).report(1, 2)


# ---- the written-down list -------------------------------------------------------------------------------------------


def test_every_kind_is_named_once_and_found() -> None:
    kinds = [a.kind for a in ANALYSES]
    assert len(set(kinds)) == len(kinds)
    assert [find(kind).kind for kind in kinds] == kinds
    assert of(SyntaxSpec()).kind == "syntax"


def test_an_unknown_analysis_is_refused_with_the_nearest_and_the_choices() -> None:
    with pytest.raises(StrataError) as refusal:
        find("sintax")
    assert refusal.value.code == "E-ANALYSIS-UNKNOWN"
    assert "Did you mean 'syntax'?" in str(refusal.value)
    assert "snippet" in refusal.value.fix
    with pytest.raises(StrataError, match="no analysis 'q+'") as far:
        find("q" * 10_000)
    assert len(str(far.value)) < 600


def test_every_wrong_field_is_named_with_what_came() -> None:
    with pytest.raises(StrataError) as refusal:
        parse("syntax", {"n_train": "many", "rate": 7, "colour": "red"})
    assert refusal.value.code == "E-SPEC"
    for part in ("n_train", "'many'", "rate", "colour", "'red'"):
        assert part in refusal.value.what
    with pytest.raises(StrataError) as long:
        parse("snippet", {"run": "x" * 100_000, "code": ""})
    assert len(str(long.value)) < 400


def test_a_question_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = SyntaxSpec().canonical()
    monkeypatch.setattr(SyntaxSpec, "version", SyntaxSpec.version + 1)
    with pytest.raises(StrataError, match="is of version") as refusal:
        from_json(text)
    assert refusal.value.code == "E-SPEC"


def test_hostile_text_survives_the_canonical_form() -> None:
    code = 'x = "\u202e\x00\U0001f600\\"\r\n\t</script>"'
    spec = SnippetSpec(run="a" * 32, code=code)
    assert from_json(spec.canonical()) == spec
    assert spec.digest == from_json(spec.canonical()).digest


@pytest.mark.parametrize(("kind", "field"), [("snippet", "code"), ("syntax", "model"), ("syntax", "corpus")])
def test_half_a_character_is_refused_and_not_a_crash(kind: str, field: str) -> None:
    with pytest.raises(StrataError) as refusal:
        parse(kind, {"run": "a" * 32, "code": "x", field: "x\ud800"} if kind == "snippet" else {field: "x\ud800"})
    assert refusal.value.code == "E-SPEC"
    assert field in refusal.value.what


def test_an_unknown_digest_has_no_spec_and_no_result() -> None:
    assert analyses.spec_of("0" * 32) is None
    assert analyses.result_of("0" * 32) is None
