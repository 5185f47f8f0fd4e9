"""The Corpora page: cold, each way to name a corpus, its columns, its problems, its refusals, and the way to Syntax."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from probes import corpora
from probes.corpora.formulas import original
from probes.syntax import SyntaxSpec
from probes.ui.corpora import _file

PAGE = "pages/Corpora.py"
CSV = b"id;code;lang\n1;def f(x): return x;python\n2;broken\n3;def g(x): return x;python\n"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "$x$",
    "`x`",
    ":material/bolt:",
    ":red[x]",
    "[a](javascript:1)",
    "{{7*7}}",
    "\u202egnp",
    "a\0b",
    "=1+1",
]
Open = Callable[..., AppTest]


def says(at: AppTest) -> str:
    """Everything alerts say, backslashes of the escaping aside."""
    return "\n".join(a.value for a in [*at.error, *at.warning, *at.info]).replace("\\", "")


def headline(at: AppTest) -> str:
    return at.main.html[0].value if at.main.html else ""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(CSV)
    return path


# ---- cold ------------------------------------------------------------------------------------------------------------


def test_cold_page_asks_its_question_and_offers_what_is_at_hand(page: Open, here: Any) -> None:
    at = page(PAGE)
    assert not at.exception
    assert at.title[0].value == "What do the models read?"
    links = [link.value.replace("\\", "") for link in at.main.page_link]
    assert links[0] == "python-stdlib"
    assert links[1].endswith("data/samples/functions.csv")
    assert not at.main.dataframe
    assert here.submitted == []


@pytest.mark.parametrize(
    ("corpus", "said"),
    [
        ("nope", "There is no corpus 'nope'."),
        ("table:../../../../etc/none.csv", "none.csv"),
        ("table:a.csv?x=y", "is not the name of a corpus"),
        ("<script>alert(1)</script>", "There is no corpus '<script>alert(1)</script>'."),
        ("table:file:///etc/passwd", "is not a path"),
        ("hub:owner/name", "which cannot be reached"),
        ("x" * 5000, "names no corpus: it is too long"),
    ],
)
def test_a_hostile_or_unknown_address_gives_a_notice(page: Open, corpus: str, said: str) -> None:
    """Case 60, for corpora."""
    at = page(PAGE, corpus=corpus)
    assert not at.exception
    assert said in says(at)
    assert not at.main.dataframe


# ---- what is seen ----------------------------------------------------------------------------------------------------


def test_problems_have_row_numbers_and_can_be_skipped(page: Open, data: Path) -> None:
    at = page(PAGE, corpus=f"table:{data}")
    assert not at.exception
    rows, problems = (frame.value for frame in at.main.dataframe)
    assert rows["code"].tolist() == ["def f(x): return x", "def g(x): return x"]
    assert problems.to_dict("list") == {"row": [3], "problem": ["2 cells where 3 are wanted (line 3)"]}
    assert "1 of the 3 rows looked at cannot be read" in says(at)
    at.main.toggle[0].set_value(True)
    at.button(key="FormSubmitter:corpus_choices-Apply").click().run()
    assert "skip=yes" in at.query_params["corpus"]
    assert len(corpora.load(at.query_params["corpus"], n=9)) == 2


def test_columns_become_part_of_the_name(page: Open, data: Path) -> None:
    at = page(PAGE, corpus=f"table:{data}")
    text, language = (box for box in at.main.selectbox if box.label in ("Text", "Language"))
    assert (text.value, language.value) == ("code", None)
    text.set_value("id")
    language.set_value("lang")
    at.main.multiselect[0].set_value(["code", "lang"])
    at.button(key="FormSubmitter:corpus_choices-Apply").click().run()
    assert not at.exception
    name = at.query_params["corpus"]
    assert name.partition("?")[2].startswith("text=id&language=lang&label=code&label=lang&as=csv")
    assert at.main.code[0].value == name
    assert [box.value for box in at.main.selectbox if box.label == "Language"] == ["lang"]


def test_another_way_of_reading_the_file_finds_its_columns_anew(page: Open, data: Path) -> None:
    at = page(PAGE, corpus=f"table:{data}")
    (sep,) = (box for box in at.main.selectbox if box.label == "Separator")
    assert sep.value == ";"
    sep.set_value("tab")
    at.button(key="FormSubmitter:corpus_choices-Apply").click().run()
    assert not at.exception
    assert [*at.main.dataframe[0].value] == ["row", "id;code;lang"]
    encoding = next(box for box in at.main.text_input if box.label == "Encoding")
    encoding.set_value("utf-99")
    at.button(key="FormSubmitter:corpus_choices-Apply").click().run()
    assert not at.exception
    assert "There is no encoding 'utf-99'." in says(at)


def test_hostile_cells_headers_and_names_are_shown_literally(page: Open, tmp_path: Path) -> None:
    """Case 40."""
    path = tmp_path / "<b>$x$ :red[a] `b`.csv"
    frame = pd.DataFrame([HOSTILE, HOSTILE], columns=[f"{cell} " for cell in HOSTILE])
    path.write_text(frame.to_csv(index=False))
    at = page(PAGE, corpus=corpora.named(str(path)))
    assert not at.exception
    shown = at.main.dataframe[0].value
    assert shown.iloc[0].tolist()[1:9] == HOSTILE[:8]
    assert shown.iloc[0].tolist()[9:] == ["‹U+202E›gnp", "a‹U+0000›b", "=1+1"]
    assert [*shown][1:9] == HOSTILE[:8]
    assert "&lt;b&gt;$x$ :red[a] `b`.csv: 2 rows" in headline(at)
    assert "<b>$x$" in at.main.code[0].value  # in the browser a code block is text
    for caption in at.main.caption:
        assert "<b>" not in caption.value


def test_the_rows_leave_as_a_csv_no_spreadsheet_runs(tmp_path: Path) -> None:
    """Case 41."""
    path = tmp_path / "a.csv"
    path.write_text('text,n\n"=HYPERLINK(1)",1\n"+1",2\n' + "x,3\n" * 2000)
    name = corpora.preview(f"table:{path}").name
    saved = _file(name, "csv").decode().splitlines()
    assert saved[:3] == ["row,text,n", "2,'=HYPERLINK(1),1", "3,'+1,2"]
    assert len(saved) == 1001
    back = tmp_path / "back.csv"
    back.write_bytes(_file(name, "csv"))
    found = sorted(corpora.stream(f"table:{back}?text=text&original=yes"), key=lambda t: int(t.origin.split(":")[1]))
    assert [t.text for t in found[:2]] == ["=HYPERLINK(1)", "+1"]
    assert original("'+1") == "+1"
    assert _file(name, "parquet").startswith(b"PAR1")


# ---- on to a question ------------------------------------------------------------------------------------------------


def test_a_corpus_is_taken_to_syntax(page: Open, here: Any, data: Path) -> None:
    at = page(PAGE, corpus=f"table:{data}?skip=yes")
    (link,) = [link for link in at.main.page_link if link.value == "Use in Syntax"]
    assert link.proto.page == "Syntax"
    name = at.main.code[0].value
    at = page("pages/Syntax.py", corpus=name, language="go")
    assert not at.exception
    assert at.selectbox(key="syntax_corpus").value == name
    assert at.selectbox(key="syntax_language").value == "go"
    at.button(key="FormSubmitter:syntax_form-Run").click().run()
    assert here.submitted == [SyntaxSpec(corpus=name, language="go")]


@pytest.mark.parametrize("language", ["klingon", ""])
def test_a_hostile_link_to_syntax_gives_the_default_view(page: Open, language: str) -> None:
    at = page("pages/Syntax.py", corpus="x" * 5000, language=language)
    assert not at.exception
    assert at.selectbox(key="syntax_corpus").value == "python-stdlib"
    assert at.selectbox(key="syntax_language").value == "python"


def test_runs_lead_back_to_their_corpora(page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [{"corpus": "code:/a/b@0123456789ab"}, {"run": "x"}, {"corpus": "code:/a/b@ba9876543210"}]
    monkeypatch.setattr("probes.store.runs", lambda: [SimpleNamespace(spec=spec, kind="none") for spec in asked])
    at = page(PAGE)
    assert not at.exception
    links = [link.proto.query_string for link in at.main.page_link]
    assert links[:2] == ["corpus=code%3A%2Fa%2Fb", "corpus=python-stdlib"]
