"""Many points as one picture in its place: what is drawn stays where its vector was, and text stays text."""

import base64
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import altair as alt
import numpy as np
import pandas as pd
import pypdf
import pytest
import vl_convert
from PIL import Image

from probes import export
from probes.export import raster
from probes.export.thin import ENOUGH, thinned

SVG = "{http://www.w3.org/2000/svg}"
Draw = Callable[[str, float], bytes]


def cloud(n: int, **mark: object) -> alt.LayerChart:
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.normal(size=n), "y": rng.normal(size=n), "kind": rng.choice(list("abc"), n)})
    points = alt.Chart(data, width=300, height=200, title="A cloud").mark_point(**mark).encode(x="x:Q", y="y:Q")
    words = alt.Chart(data.head(3).assign(word=["one", "two", "three"])).mark_text().encode(x="x", y="y", text="word")
    return alt.layer(points.encode(color="kind:N"), words)


def drawn(svg: str, scale: float) -> bytes:
    return vl_convert.svg_to_png(svg, scale=scale)


def pixels(svg: str | bytes, scale: float = 2) -> np.ndarray:
    text = svg if isinstance(svg, str) else svg.decode()
    return np.asarray(Image.open(io.BytesIO(drawn(text, scale))).convert("RGB")).astype(int)


def vector_and_raster(chart: alt.LayerChart, monkeypatch: pytest.MonkeyPatch, width: str = "single") -> list[bytes]:
    pair = [export.figure_bytes(chart, "svg", width=width)]
    monkeypatch.setattr(raster, "MOST_MARKS", 10**9)
    return [export.figure_bytes(chart, "svg", width=width), *pair]


@pytest.mark.parametrize("mark", [{"filled": True}, {"filled": True, "clip": True}, {"shape": "square"}], ids=str)
def test_the_picture_lies_where_its_vectors_were(mark: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    vector, picture = vector_and_raster(cloud(5_500, **mark), monkeypatch)
    assert vector.count(b"<path") > 5_500
    assert picture.count(b"<image") == 1
    assert picture.count(b"<path") < 100
    a, b = pixels(vector), pixels(picture)
    assert a.shape == b.shape
    near = np.abs(a - b).mean()
    for shift in ((0, 1), (1, 0), (0, -1), (-1, 0)):  # half a point aside is clearly worse
        assert np.abs(a - np.roll(b, shift, axis=(0, 1))).mean() > 2 * near


def test_a_few_points_more_do_not_move_the_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    vector, picture = (ET.fromstring(svg) for svg in vector_and_raster(cloud(5_500, filled=True), monkeypatch))
    for root in (vector, picture):
        for group in root.iter(f"{SVG}g"):
            if "mark-symbol role-mark" in group.get("class", ""):
                group.clear()
    assert ET.tostring(vector) == ET.tostring(picture)  # all but the points is the same, to the letter


def test_text_stays_selectable_and_files_small() -> None:
    pdf = export.figure_bytes(cloud(20_000, filled=True), "pdf")
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    for word in ("A cloud", "x", "y", "kind", "one", "two", "three"):
        assert word in page.extract_text()
    assert abs(float(page.mediabox.width) - 6.75 * 72) <= 1
    assert export.has_font(pdf)
    assert len(pdf) < 2_000_000  # 14 MB as vectors


def test_up_to_5000_marks_are_left_as_they_are() -> None:
    svg = export.figure_bytes(cloud(4_900, filled=True), "svg")
    assert b"<image" not in svg
    assert svg.count(b"<path") > 4_900


def test_equal_figures_give_equal_bytes() -> None:
    assert export.figure_bytes(cloud(5_200), "svg") == export.figure_bytes(cloud(5_200), "svg")


def test_the_picture_is_see_through_inside_the_file_and_sharp() -> None:
    svg = export.figure_bytes(cloud(5_200), "svg").decode()
    found = re.search(r'href="data:image/png;base64,([^"]+)"', svg)
    assert found
    image = Image.open(io.BytesIO(base64.b64decode(found[1])))
    wide = float(re.findall(r'width="([0-9.]+)"', svg)[0])
    assert image.width == pytest.approx(wide * raster.SCALE, abs=raster.SCALE)
    assert image.convert("RGBA").getpixel((0, 0))[3] == 0
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", svg)


def test_small_groups_of_a_crowded_figure_stay_vectors() -> None:
    few = '<g class="mark-symbol role-mark"><path d="M1,1h2"/></g>'
    mark = '<path d="M0,0h1v1Z" fill="red"/>'
    many = '<g class="mark-symbol role-mark">' + mark * 6_000 + "</g>"
    text = f'<g class="mark-text role-mark">{"<text>a</text>" * 600}</g>'
    head = f'<svg xmlns="{SVG[1:-1]}" width="10" height="10" viewBox="0 0 10 10">'
    made = raster.rasterised(f'{head}<g transform="translate(2,3)">{few}{many}{text}</g></svg>', drawn)
    assert made.count("<path") == 1
    assert made.count("<text") == 600
    assert '<image x="-2" y="-3" width="10" height="10"' in made


def test_thinning_keeps_extremes_and_every_text_and_leaves_what_computes() -> None:
    rows = [{"x": float(i % 97), "word": f"w{i % 5}"} for i in range(ENOUGH + 1)]
    spec = {"mark": "point", "datasets": {"a": rows, "b": rows[:3]}, "encoding": {"x": {"field": "x"}}}
    small = thinned(spec)
    kept = small["datasets"]["a"]
    assert len(kept) < 10
    assert {row["x"] for row in kept} >= {0.0, 96.0}
    assert {row["word"] for row in kept} == {f"w{i}" for i in range(5)}
    assert small["datasets"]["b"] == rows[:3]
    counted = spec | {"encoding": {"y": {"aggregate": "count"}}}
    assert thinned(counted) is counted
