"""What every answer promises once it leaves: it can be computed again, printed, shown in a notebook, and cited."""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import clean
import pandas as pd
import pytest

from probes import analyses, export, store
from probes.analyses import ANALYSES
from probes.contract import Analysis
from probes.export import bibtex
from probes.export.methods import methods

each = pytest.mark.parametrize("analysis", ANALYSES, ids=lambda a: a.kind)
FIRST = [analyses.find(kind) for kind in ("syntax", "alignment", "lens")]
"""Kernels are slow to start; a notebook is written from the same parts as the script, which is run for every kind."""
SAME = "The table is the same as when it was exported, to the last digit."


def asked(small: Any, analysis: Analysis) -> tuple[Any, Any]:
    return small.specs[analysis.kind], small.results[analysis.kind]


@pytest.mark.slow
@each
def test_the_exported_script_run_in_a_clean_process_gives_the_same_frame(
    analysis: Analysis, small: Any, tmp_path: Path
) -> None:
    spec, result = asked(small, analysis)
    text = export.file_bytes(spec, result, "py")
    printed = clean.script(text, tmp_path / "work", tmp_path / "home")
    assert SAME in printed
    assert result.headline() in printed
    made = tmp_path / "work" / export.filename(analysis.kind, spec.digest, "csv")
    assert made.read_bytes() == export.frame_bytes(result.frame(), "csv")
    for name in analysis.spec.model_fields:
        assert f"\n    {name}=" in text.decode()  # every field is written out


@pytest.mark.slow
@pytest.mark.parametrize("analysis", FIRST, ids=lambda a: a.kind)
def test_the_exported_notebook_run_in_a_clean_process_gives_the_same_frame(
    analysis: Analysis, small: Any, tmp_path: Path
) -> None:
    spec, result = asked(small, analysis)
    figure = next(iter(analysis.figures))
    text = export.file_bytes(spec, result, "ipynb", figure=figure)
    assert text == export.file_bytes(spec, result, "ipynb", figure=figure)
    assert not any(cell.get("outputs") for cell in json.loads(text)["cells"])
    done = clean.notebook(text, tmp_path / "work", tmp_path / "home")
    cells = {cell["id"]: cell for cell in done["cells"]}
    assert "same table as exported" in str(cells["check"]["outputs"])
    page = clean.shown(cells["answer"])["text/html"]
    assert "<script" not in page
    assert "src='data:image/svg+xml;base64," in page
    assert any("vegalite" in kind for kind in clean.shown(cells["figure"]))
    assert all(o["output_type"] != "error" for cell in done["cells"] for o in cell.get("outputs", []))
    made = tmp_path / "work" / export.filename(analysis.kind, spec.digest, "csv")
    assert made.read_bytes() == export.frame_bytes(result.frame(), "csv")


@each
def test_every_answer_leaves_in_every_format_and_figure(analysis: Analysis, small: Any) -> None:
    spec, result = asked(small, analysis)
    for fmt in (*export.TABLES, *export.CODE):
        assert export.file_bytes(spec, result, fmt)
    for name in analysis.figures:
        assert export.file_bytes(spec, result, "pdf", figure=name).startswith(b"%PDF")
    table = export.file_bytes(spec, result, "tex").decode()
    assert table.count(r" \\") >= len(result.frame()) + 1
    assert spec.digest[:12] in table


@each
def test_every_result_displays_itself_with_its_sentence_figure_and_source(analysis: Analysis, small: Any) -> None:
    _, result = asked(small, analysis)
    shown = result._repr_mimebundle_(include=None, exclude=None)
    assert shown["text/plain"].startswith(result.headline())
    page = shown["text/html"]
    assert "data:image/svg+xml;base64," in page
    assert result.source.weights in page
    assert result.source.versions["torch"] in page
    assert "http" not in page
    assert any("vegalite" in kind for kind in shown)
    json.dumps(shown)


@each
def test_every_method_is_described_with_papers_that_are_in_the_bibliography(analysis: Analysis, small: Any) -> None:
    spec, result = asked(small, analysis)
    sentences = analysis.methods(spec, result)
    said = " ".join(sentences)
    keys = re.findall(r"\[@([a-z0-9-]+)\]", said)
    assert keys
    assert set(keys) <= set(bibtex.entries())
    assert all(sentence.strip().endswith((".", "].")) for sentence in sentences)
    whole = methods([(spec, result)], "A paper")
    assert spec.digest in whole
    for fact in (result.source.weights[:12], result.source.corpus_digest[:12], result.source.versions["torch"]):
        assert fact in whole
    assert set(bibtex.cited(whole)) >= {*keys, "wolf-2020"}


@each
def test_every_answer_goes_into_a_bundle(analysis: Analysis, own: Any) -> None:
    spec, result = asked(own, analysis)
    if analysis.live:
        store.save(spec, result, 0.0)
    items = tuple((spec.digest, name) for name in list(analysis.figures)[:2])  # all of them leave one by one, above
    archive = zipfile.ZipFile(io.BytesIO(export.bundle_bytes(store.Collection("T", items))))
    names = archive.namelist()
    assert len([name for name in names if name.startswith("figures/")]) == 2 * len(items)
    data = archive.read(f"data/{export.filename(analysis.kind, spec.digest, 'parquet')}")
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(data)), result.frame())


@each
def test_a_result_knows_its_analysis(analysis: Analysis, small_run: Any) -> None:
    result = small_run.results[analysis.kind]
    assert analyses.answering(result) is analysis
    for name in list(analysis.figures)[:1]:
        assert analyses.figure(result, name).to_dict() == analysis.figures[name](result).to_dict()
