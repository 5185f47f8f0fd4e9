import io
import re
import xml.etree.ElementTree as ET

import altair as alt
import pandas as pd
import pypdf
import pytest
from PIL import Image

from probes import export
from probes.corpora.formulas import original
from probes.errors import StrataError


def chart(rows: int = 3) -> alt.Chart:
    data = pd.DataFrame({"depth": range(rows), "score": [i % 7 for i in range(rows)]})
    return (
        alt.Chart(data, width=300, height=150).mark_point().encode(x="depth:Q", y=alt.Y("score:Q", title="the score"))
    )


@pytest.mark.parametrize(("width", "inches"), [(name, inches) for name, (inches, _) in export.WIDTHS.items()])
def test_a_pdf_is_as_wide_as_its_name_says(width: str, inches: float) -> None:
    data = export.figure_bytes(chart(), "pdf", width=width)
    page = pypdf.PdfReader(io.BytesIO(data)).pages[0]
    assert abs(float(page.mediabox.width) - 72 * inches) <= 1
    assert "the score" in page.extract_text()
    assert export.has_font(data)


def test_a_png_has_300_pixels_an_inch_and_is_white() -> None:
    image = Image.open(io.BytesIO(export.figure_bytes(chart(), "png", width="single")))
    assert abs(image.width - 975) <= 5
    assert image.convert("RGBA").getpixel((1, 1)) == (255, 255, 255, 255)
    assert (
        len(image.convert("L").crop((0, image.height - 60, image.width, image.height)).getcolors()) > 5
    )  # the axis title


def test_an_svg_is_xml_with_its_text() -> None:
    root = ET.fromstring(export.figure_bytes(chart(), "svg"))
    assert "the score" in {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}


def test_more_than_5000_rows_can_be_printed_and_the_limit_stands_elsewhere() -> None:
    assert export.figure_bytes(chart(5_001), "svg").count(b"<image") == 1
    with pytest.raises(alt.MaxRowsError):
        chart(5_001).to_dict()


WIDTHS = {  # of each venue's author instructions, in inches
    "acl": 7.7 / 2.54,
    "acl-wide": 16 / 2.54,
    "icml": 3.25,
    "icml-wide": 6.75,
    "neurips": 5.5,
    "ieee": 3.5,
    "ieee-wide": 7.16,
    "nature": 8.9 / 2.54,
    "nature-wide": 18.3 / 2.54,
}


@pytest.mark.parametrize("venue", WIDTHS)
def test_a_venues_name_means_its_column(venue: str) -> None:
    assert export.WIDTHS[venue][0] == pytest.approx(WIDTHS[venue])


def test_the_size_asked_for_is_the_size_of_the_labels() -> None:
    for size in (6.0, 9.5):
        root = ET.fromstring(export.figure_bytes(chart(), "svg", size=size))
        groups = [n for n in root.iter("{http://www.w3.org/2000/svg}g") if "role-axis-label" in n.get("class", "")]
        assert {text.get("font-size") for group in groups for text in group} == {f"{size:g}px"}


def test_natures_text_is_between_5_and_7_points() -> None:
    drawn = export.figure_bytes(chart().properties(title="A title"), "svg", width="nature").decode()
    sizes = [float(size) for size in re.findall(r'font-size="([0-9.]+)px"', drawn)]
    assert 5 <= min(sizes) <= max(sizes) <= 7


def test_a_pdf_without_a_font_is_noticed() -> None:
    bare = alt.Chart(pd.DataFrame({"x": [1]})).mark_point().encode(x=alt.X("x:Q", axis=None))
    with pytest.raises(StrataError) as refusal:
        export.figure_bytes(bare, "pdf")
    assert refusal.value.code == "E-EXPORT-FONT"


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        (lambda: export.figure_bytes(chart(), "gif"), "E-EXPORT-FORMAT", "cannot be saved as 'gif'.*pdf, svg, png"),
        (lambda: export.figure_bytes(chart(), "csv"), "E-EXPORT-FORMAT", "A figure cannot be saved as 'csv'"),
        (lambda: export.figure_bytes(chart(), "pdf", width="wide"), "E-EXPORT-WIDTH", "'wide'.*single, double, slide"),
        (lambda: export.figure_bytes(chart(), "pdf", size=3), "E-EXPORT-SIZE", "Labels of 3 pt.*4 to 40 pt"),
        (lambda: export.figure_bytes(chart(), "pdf", size=float("nan")), "E-EXPORT-SIZE", "Labels of nan pt"),
        (lambda: export.frame_bytes(pd.DataFrame(), "pdf"), "E-EXPORT-FORMAT", "A table.*'pdf'.*csv, parquet"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_choices(call: object, code: str, words: str) -> None:
    with pytest.raises(StrataError, match=words) as refusal:
        call()
    assert refusal.value.code == code


CELLS = [
    "=1+1",
    "+1",
    "-1",
    "@sum",
    "\tx",
    "\rx",
    "'=1",
    "''+",
    "'plain",
    "a=b",
    "",
    "ordinary",
    "＝1",
    'q"uote',
    "a,b",
    "l\nm",
    "l\rm",
    "l\r\nm",
]


def test_no_cell_of_a_csv_is_a_formula_and_each_can_be_had_back() -> None:
    frame = pd.DataFrame({"=cell": CELLS, "number": [-1.5] * len(CELLS)})
    data = export.frame_bytes(frame, "csv")
    read = pd.read_csv(io.BytesIO(data), keep_default_na=False)
    assert not read.iloc[:, 0].str.contains(r"^[=+\-@\t\r＝]").any()
    assert [original(cell) for cell in read.iloc[:, 0]] == CELLS
    assert [original(name) for name in read.columns] == ["=cell", "number"]
    assert (read["number"] == -1.5).all()  # a negative number is not a formula
    assert "a=b" in set(read.iloc[:, 0])


def test_a_csv_says_the_numbers_in_full() -> None:
    frame = pd.DataFrame({"f1": [0.1 + 0.2, 1e-300], "layer": ["0", "30 + norm"], "agrees": [True, False]})
    back = pd.read_csv(io.BytesIO(export.frame_bytes(frame, "csv")), dtype={"f1": str})
    assert [float(text) for text in back["f1"]] == frame["f1"].tolist()
    assert back["agrees"].tolist() == [True, False]


def test_half_a_surrogate_pair_does_not_stop_a_csv() -> None:
    frame = pd.DataFrame({"word": pd.Series(["\ud800"], dtype=object)})
    assert export.frame_bytes(frame, "csv") == b"word\r\n\\ud800\r\n"


def test_parquet_keeps_texts_and_types_as_they_are() -> None:
    frame = pd.DataFrame({"word": CELLS, "n": range(len(CELLS))})
    data = export.frame_bytes(frame, "parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(data)), frame)
    assert data == export.frame_bytes(frame, "parquet")


def test_empty_tables_keep_their_columns() -> None:
    frame = pd.DataFrame({"label": pd.Series([], dtype=str), "n": pd.Series([], dtype=int)})
    assert export.frame_bytes(frame, "csv") == b"label,n\r\n"
    assert list(pd.read_parquet(io.BytesIO(export.frame_bytes(frame, "parquet")))) == ["label", "n"]


@pytest.mark.parametrize(
    ("kind", "digest", "fmt", "name"),
    [
        ("syntax", "0123456789abcdef", "pdf", "strata-syntax-0123456789ab.pdf"),
        ("../../x", "\u202e/..", "p/df", "strata-x.pdf"),
    ],
)
def test_file_names_are_plain(kind: str, digest: str, fmt: str, name: str) -> None:
    assert export.filename(kind, digest, fmt) == name


def test_every_format_has_its_media_type() -> None:
    assert (*export.FIGURES, *export.TABLES, *export.CODE) == tuple(export.FORMATS)
