"""The paper bundle: everything in it, true to its manifest, and the same bytes each time."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fakes_run import saved

from probes import analyses, export, store
from probes.errors import StrataError
from probes.export import bibtex


@pytest.fixture
def spec(strata_home: Path) -> Any:
    return saved()


def opened(held: store.Collection, **look: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(export.bundle_bytes(held, export.Look(**look) if look else None)))


def test_a_bundle_holds_everything_a_paper_needs(spec: Any) -> None:
    held = store.Collection("My paper", ((spec.digest, "f1_by_layer"), (spec.digest, "recall_by_label")))
    archive = opened(held)
    short = spec.digest[:12]
    assert archive.namelist() == sorted(
        [
            "MANIFEST.json",
            "README.md",
            f"data/strata-syntax-{short}.csv",
            f"data/strata-syntax-{short}.parquet",
            f"figures/strata-syntax-f1-by-layer-{short}.pdf",
            f"figures/strata-syntax-f1-by-layer-{short}.svg",
            f"figures/strata-syntax-recall-by-label-{short}.pdf",
            f"figures/strata-syntax-recall-by-label-{short}.svg",
            "methods.md",
            f"notebooks/strata-syntax-{short}.ipynb",
            "references.bib",
            f"scripts/strata-syntax-{short}.py",
            f"tables/strata-syntax-{short}.tex",
        ]
    )
    assert "# Methods: My paper" in archive.read("methods.md").decode()
    assert archive.read("README.md").decode().startswith("# My paper\n")


def test_the_manifest_names_every_file_by_its_checksum_and_every_question(spec: Any) -> None:
    archive = opened(store.Collection(items=((spec.digest, "f1_by_layer"),)))
    told = json.loads(archive.read("MANIFEST.json"))
    assert set(told["files"]) == set(archive.namelist()) - {"MANIFEST.json"}
    for name, sums in told["files"].items():
        data = archive.read(name)
        assert sums == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    [run] = told["runs"]
    assert analyses.from_json(json.dumps({k: run[k] for k in ("kind", "version", "spec")})) == spec
    assert run["digest"] == spec.digest


def test_equal_bundles_are_equal_bytes(spec: Any) -> None:
    held = store.Collection(items=((spec.digest, "f1_by_layer"),))
    assert export.bundle_bytes(held) == export.bundle_bytes(held)
    assert {entry.date_time for entry in opened(held).infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_width_is_that_of_the_figures(spec: Any) -> None:
    archive = opened(store.Collection(items=((spec.digest, "f1_by_layer"),)), width="nature", font="No Such Family")
    svg = archive.read(f"figures/strata-syntax-f1-by-layer-{spec.digest[:12]}.svg").decode()
    assert float(svg.partition('width="')[2].partition('"')[0]) == pytest.approx(89 / 25.4 * 72, abs=1)
    told = archive.read("README.md").decode()
    assert "3.50 in wide (nature)" in told
    assert "No Such Family' is not installed here" in told


def test_what_is_no_longer_stored_is_named_and_an_unknown_figure_left_out(spec: Any) -> None:
    lost = "0" * 32
    archive = opened(store.Collection(items=((lost, "f"), (spec.digest, "no_such"), (spec.digest, "f1_by_layer"))))
    assert f"Run `{lost}` was collected but is no longer stored" in archive.read("README.md").decode()
    assert len([name for name in archive.namelist() if name.startswith("figures/")]) == 2


@pytest.mark.parametrize("items", [(), (("0" * 32, "f1_by_layer"),)])
def test_an_empty_bundle_is_refused(items: Any, strata_home: Path) -> None:
    with pytest.raises(StrataError, match="nothing to put into the bundle") as refusal:
        export.bundle_bytes(store.Collection(items=items))
    assert refusal.value.code == "E-BUNDLE-EMPTY"


def test_the_references_are_those_cited_and_whole(spec: Any) -> None:
    archive = opened(store.Collection(items=((spec.digest, "f1_by_layer"),)))
    said, references = archive.read("methods.md").decode(), archive.read("references.bib").decode()
    keys = bibtex.cited(said)
    assert keys
    for key, entry in bibtex.entries().items():
        assert (entry in references) == (key in keys)


def test_every_reference_is_well_formed() -> None:
    text = bibtex.FILE.read_text("utf-8")
    assert text.count("@") == len(bibtex.entries())
    for key, entry in bibtex.entries().items():
        fields = dict(line.strip().rstrip(",").split("=", 1) for line in entry.splitlines()[1:-1])
        fields = {name.strip(): value.strip() for name, value in fields.items()}
        assert {"author", "title", "year"} <= set(fields), key
        assert {"doi", "url", "note"} & set(fields), f"{key} cannot be found"
        assert key.endswith(fields["year"].strip("{}"))
        assert fields.get("doi", "{10.").startswith("{10.")
        assert entry.count("{") == entry.count("}")
    with pytest.raises(StrataError, match="no reference 'nobody-1900'"):
        bibtex.bibliography(["nobody-1900"])


def test_the_data_are_those_of_the_figure(spec: Any) -> None:
    archive = opened(store.Collection(items=((spec.digest, "f1_by_layer"),)))
    frame = analyses.result_of(spec.digest).frame()
    data = archive.read(f"data/strata-syntax-{spec.digest[:12]}.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(data)), frame)
