import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from probes import analyses, export, store
from probes.__main__ import main
from probes.syntax import SyntaxSpec


@pytest.fixture
def spec(strata_home: Path, monkeypatch: pytest.MonkeyPatch) -> SyntaxSpec:
    monkeypatch.syspath_prepend(Path(__file__).parent / "export")
    from fakes_run import saved  # of the export room's tests

    return saved()


def test_a_run_is_written_as_a_figure_of_that_width(
    spec: SyntaxSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "figure.pdf"
    arguments = ["export", spec.digest[:8], "--width", "acl", "--font", "No Such Family", "--size", "6"]
    assert main([*arguments, "--figure", "recall_by_label", "-o", str(target)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{target}\n"
    assert err.startswith("Note: 'No Such Family' is not installed here")
    page = PdfReader(target).pages[0]
    assert float(page.mediabox.width) == pytest.approx(77 / 25.4 * 72, abs=1)
    assert "Recall by kind" in page.extract_text()
    assert list(tmp_path.glob(".*part")) == []


def test_without_a_name_the_file_is_called_after_the_run(
    spec: SyntaxSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for fmt in export.FORMATS:
        assert main(["export", spec.digest, "--format", fmt]) == 0
    short = spec.digest[:12]
    figures = {f"strata-syntax-f1-by-layer-{short}.{fmt}" for fmt in export.FIGURES}
    others = {f"strata-syntax-{short}.{fmt}" for fmt in (*export.TABLES, *export.CODE)}
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == figures | others


def test_a_bundle_is_what_was_gathered_or_the_runs_named(
    spec: SyntaxSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "b.zip")
    assert main(["bundle", "-o", target]) == 2
    assert "nothing to put into the bundle" in capsys.readouterr().err
    store.collect(spec.digest, "f1_by_layer")
    for arguments, figures in (([], 2), ([spec.digest], 2 * len(analyses.of(spec).figures))):
        assert main(["bundle", *arguments, "-o", target]) == 0
        names = zipfile.ZipFile(target).namelist()
        assert len([name for name in names if name.startswith("figures/")]) == figures


def test_a_table_goes_to_standard_output(spec: SyntaxSpec, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", spec.digest, "--format", "csv", "-o", "-"]) == 0
    table = pd.read_csv(io.BytesIO(capfdbinary.readouterr().out))
    assert table["f1"].tolist() == analyses.result_of(spec.digest).frame()["f1"].tolist()


REFUSED = {
    "run": (["export", "0" * 32], "No stored run is called"),
    "path": (["export", "../.."], "No stored run is called"),
    "nothing": (["export", ""], "No stored run is called"),
    "format": (["export", "RUN", "--format", "gif"], "cannot be saved as 'gif'"),
    "figure": (["export", "RUN", "--figure", "nope"], "There is no figure 'nope'"),
    "width": (["export", "RUN", "--width", "wide"], "No page width is called 'wide'"),
    "font": (["export", "RUN", "--font", "<b>"], "is not the name of a font"),
    "size": (["export", "RUN", "--size", "1"], "Labels of 1 pt"),
    "folder": (["export", "RUN", "-o", "no/such/folder/x.pdf"], "cannot be written"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_a_message_and_exit_2(spec: SyntaxSpec, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, said = REFUSED[case]
    assert main([spec.digest if word == "RUN" else word for word in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert "[E-" in err


def test_two_runs_of_one_beginning_are_not_guessed_between(
    spec: SyntaxSpec, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [entry] = store.runs()
    monkeypatch.setattr(store, "runs", lambda: [entry, entry])
    assert main(["export", spec.digest[:4]]) == 2
    assert "2 stored runs start with" in capsys.readouterr().err
