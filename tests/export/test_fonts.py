import io
import warnings
import xml.etree.ElementTree as ET

import altair as alt
import pandas as pd
import pypdf
import pytest

from probes import export
from probes.errors import StrataError
from probes.export import fonts


def chart() -> alt.Chart:
    return alt.Chart(pd.DataFrame({"depth": [1, 2]}), width=200, height=80).mark_point().encode(x="depth:Q")


def test_what_is_installed_is_found_by_drawing_it() -> None:
    assert fonts.installed("sans-serif")
    assert not fonts.installed("No Such Family")


@pytest.mark.parametrize("fmt", ["pdf", "svg", "png"])
def test_a_missing_family_falls_back_with_a_warning_and_has_its_text(fmt: str) -> None:
    with pytest.warns(UserWarning, match="'No Such Family' is not installed here: the text is set in "):
        data = export.figure_bytes(chart(), fmt, font="No Such Family")
    if fmt == "pdf":
        assert "depth" in pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()
        assert export.has_font(data)
    if fmt == "svg":
        assert "depth" in "".join(ET.fromstring(data).itertext())
        assert b'font-family="No Such Family, ' in data  # another machine may have it


def test_the_first_of_several_that_is_there_is_used_and_said() -> None:
    stack, note = export.resolve("No Such Family, DejaVu Sans, sans-serif")
    assert stack == "No Such Family, DejaVu Sans, sans-serif"
    assert note == "'No Such Family' is not installed here: the text is set in DejaVu Sans."


@pytest.mark.parametrize("name", [*export.STACKS, "DejaVu Sans", export.STACKS["serif"]])
def test_our_own_stacks_and_installed_families_need_no_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert export.has_font(export.figure_bytes(chart(), "pdf", font=name))
    assert export.resolve(name)[1] == ""


def test_a_family_that_is_asked_for_is_the_one_embedded() -> None:
    for family, embedded in {"DejaVu Sans": b"DejaVuSans", "Liberation Serif": b"LiberationSerif"}.items():
        if fonts.installed(family):
            assert embedded in export.figure_bytes(chart(), "pdf", font=family)


@pytest.mark.parametrize("name", ["", ",", '"><script>alert(1)</script>', "a;b", "x" * 81, "a\x00b", "a\u202eb"])
def test_what_is_no_font_name_is_refused(name: str) -> None:
    with pytest.raises(StrataError, match="is not the name of a font.*sans, serif, mono") as refusal:
        export.figure_bytes(chart(), "pdf", font=name)
    assert refusal.value.code == "E-EXPORT-FONT"


def test_without_any_font_there_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts.resolve.cache_clear()
    monkeypatch.setattr(fonts, "installed", lambda _family: False)
    monkeypatch.setattr(fonts, "_register", lambda: False)
    with pytest.raises(StrataError, match="nor any to fall back on") as refusal:
        export.figure_bytes(chart(), "pdf", font="No Such Family")
    assert refusal.value.code == "E-EXPORT-FONT"
    fonts.resolve.cache_clear()


def test_the_fonts_another_package_ships_can_be_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[str] = []
    monkeypatch.setattr(fonts.vl_convert, "register_font_directory", offered.append)
    fonts._register.cache_clear()
    assert fonts._register()
    assert offered[0].endswith("ttf")
    fonts._register.cache_clear()
    monkeypatch.setattr(fonts, "find_spec", lambda _name: None)
    assert not fonts._register()
    fonts._register.cache_clear()
