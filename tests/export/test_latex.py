r"""LaTeX tables, read back by a parser, and by a TeX where one is installed."""

import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hostile import TEXTS
from pylatexenc import latexwalker
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.macrospec import MacroSpec

from probes.errors import StrataError
from probes.export.latex import heading, table
from probes.export.tex_text import ESCAPES, PREAMBLE, SYMBOLS, tex
from probes.figures.words import visible


def read_back(source: str) -> str:
    """Return the text that LaTeX would print."""
    walk = latexwalker.get_default_latex_context_db()
    walk.add_context_category("ours", macros=[MacroSpec("strataunicode", "{")], prepend=True)
    said = get_default_latex_context_db()
    ours = [
        MacroTextSpec("strataunicode", lambda node, l2tobj: _character(l2tobj, node)),
        *(MacroTextSpec(name, text) for name, text in SAID.items()),
    ]
    said.add_context_category("ours", macros=ours, prepend=True)
    nodes = latexwalker.LatexWalker(source, latex_context=walk, tolerant_parsing=False).get_latex_nodes()[0]
    return LatexNodes2Text(latex_context=said, math_mode="text", keep_comments=False).nodelist_to_text(nodes)


def _character(reader: LatexNodes2Text, node: Any) -> str:
    return chr(int(reader.nodelist_to_text([node.nodeargd.argnlist[0]]), 16))


SAID = {
    "textless": "<",
    "textgreater": ">",
    "textasciicircum": "^",
    "textasciigrave": "`",
    "textquotesingle": "'",
    "textvisiblespace": "␣",
    "textellipsis": "…",
    "textquoteright": "’",
    "textquoteleft": "‘",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "textbar": "|",
    "langle": "‹",
    "rangle": "›",
    "hookleftarrow": "⏎",
    "mapsto": "⇥",
    "emptyset": "∅",
    "circ": "◌",
    "leq": "≤",
    "geq": "≥",
    "rightarrow": "→",
    "leftarrow": "←",
}
"""What the parser's own tables lack or say otherwise."""


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_hostile_text_is_printed_literally(text: str) -> None:
    made = tex(text)
    assert made.isascii()
    assert "\n" not in made
    assert "\r" not in made
    assert re.sub(r"\s", "", read_back(made)) == re.sub(r"\s", "", visible(text))
    for command in ("\\input", "\\write", "\\end"):
        assert command not in made


@pytest.mark.parametrize("character", [*ESCAPES, *SYMBOLS, *(chr(i) for i in range(32, 127)), *"éÅñçőŁ中א😀"])
def test_every_character_comes_back(character: str) -> None:
    assert read_back("a" + tex(f"x{character}x"))[1:] == visible(f"x{character}x")


def test_nothing_joins_its_neighbour() -> None:
    assert tex("--") == "-{}-"
    assert tex("---") == "-{}-{}-"
    assert tex(",,") == ",{}, "[:-1]
    assert tex("a, b-c") == "a, b-c"
    assert tex("[x]*") == "{[}x{]}{*}"  # after a line break they would be its arguments
    assert tex("a  b") == r"a \ b"


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series": ["trained", "a_b & 50%"],
            "f1": [0.51234, 0.4],
            "low": [0.5, 0.388],
            "high": [0.524, 0.412],
            "valid_f1": [0.123456, 12.3456],
            "n": [1200, -3],
            "agrees": [True, False],
        }
    )


def body(made: str) -> list[list[str]]:
    rows = made.partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    return [[cell.strip() for cell in row.removesuffix(r"\\").split(" & ")] for row in rows.strip().splitlines()]


def test_numbers_are_as_precise_as_their_uncertainty() -> None:
    made = table(frame(), caption="F1 of 0.5 & more", label="tab:x")
    assert body(made) == [
        ["trained", "0.512", "0.500", "0.524", "0.1", "1200", "yes"],
        [r"a\_b \& 50\%", "0.400", "0.388", "0.412", "12.3", "$-3$", "no"],
    ]
    assert r"\begin{tabular}{lrrrrrl}" in made
    assert r"Series & F1 & Low & High & Valid F1 & n & Agrees \\" in made
    assert r"\caption{F1 of 0.5 \& more}\label{tab:x}" in made
    assert PREAMBLE in made


@pytest.mark.parametrize(
    ("half", "digits"), [(0.3, 1), (0.15, 2), (0.03, 2), (0.012, 3), (0.0099, 3), (3.0, 0), (120.0, 0)]
)
def test_the_first_digit_in_doubt_decides(half: float, digits: int) -> None:
    made = table(pd.DataFrame({"v": [1.0], "low": [1 - half], "high": [1 + half]}), caption="", label="x")
    assert body(made)[0][0] == f"{1.0:.{digits}f}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (math.nan, r"\textendash{}"),
        (math.inf, r"$\infty$"),
        (-math.inf, r"$-\infty$"),
        (1e-300, r"$1.00 \times 10^{-300}$"),
        (1.5e300, r"$1.50 \times 10^{300}$"),
        (0.0, "0.0"),
        (-0.25, "$-0.250$"),
    ],
)
def test_numbers_without_an_uncertainty(value: float, shown: str) -> None:
    assert body(table(pd.DataFrame({"v": [value]}), caption="", label="x")) == [[shown]]


def test_no_uncertainty_and_no_rows_are_tables_too() -> None:
    same = pd.DataFrame({"v": [0.5], "low": [0.5], "high": [0.5]})
    assert body(table(same, caption="", label="x")) == [["0.500", "0.500", "0.500"]]
    assert r"\midrule" in table(frame().head(0), caption="", label="x")


def test_a_table_longer_than_a_page_breaks_and_one_too_long_is_refused() -> None:
    long = pd.DataFrame({"n": range(46)})
    made = table(long, caption="c", label="x")
    assert r"\begin{longtable}{r}" in made
    assert r"\endfirsthead" in made
    assert made.count(r"\caption{c}") == 1
    with pytest.raises(StrataError, match="1,001 rows cannot be printed.*CSV or Parquet") as refusal:
        table(pd.DataFrame({"n": range(1_001)}), caption="", label="x")
    assert refusal.value.code == "E-EXPORT-LONG"


def test_headings_are_words() -> None:
    assert [heading(n) for n in ("valid_f1", "f1_paper", "x2", "layer", "n")] == [
        "Valid F1",
        "F1 paper",
        "X2",
        "Layer",
        "n",
    ]


def hostile_tables() -> list[str]:
    rows = pd.DataFrame({text or "empty": [text, "x"] for text in TEXTS[:6]} | {"_&%": list(TEXTS[6:8])})
    words = pd.DataFrame({"word": pd.Series([*TEXTS, *TEXTS], dtype=object), "f1": 0.5})
    return [table(part, caption=" ".join(TEXTS), label="tab:x") for part in (rows, words)]


def test_hostile_tables_parse_with_their_structure_whole() -> None:
    for made in hostile_tables():
        nodes = latexwalker.LatexWalker(made, tolerant_parsing=False).get_latex_nodes()[0]
        kinds = [n.environmentname for n in nodes if isinstance(n, latexwalker.LatexEnvironmentNode)]
        assert kinds in (["table"], ["longtable"])
        assert "verb" not in made


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["pdflatex", "xelatex", "lualatex"])
def test_hostile_tables_compile(engine: str, tmp_path: Path) -> None:
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    inputs: list[Any] = []
    for i, made in enumerate(hostile_tables()):
        (tmp_path / f"t{i}.tex").write_text(made)
        inputs.append(rf"\input{{t{i}}}")
    packages = r"\usepackage{booktabs}\usepackage{longtable}"
    main = rf"\documentclass{{article}}{packages}\begin{{document}}{' '.join(inputs)}\end{{document}}"
    (tmp_path / "main.tex").write_text(main)
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "main.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert run.returncode == 0, run.stdout[-2000:]
    assert (tmp_path / "main.pdf").exists()
