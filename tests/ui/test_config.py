"""What `.streamlit/config.toml` promises: this machine only, no telemetry, colours that can be read and told apart."""

import tomllib
from pathlib import Path

import pytest

from probes.corpora import uploads
from probes.figures.dress import OKABE_ITO

CONFIG = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_listens_here_only_and_guards_the_websocket() -> None:
    server = CONFIG["server"]
    assert server["address"] == "127.0.0.1"
    assert set(server["allowedHosts"]) == {"localhost", "127.0.0.1"}
    assert server["enableCORS"] is True
    assert server["enableXsrfProtection"] is True
    assert server["enableStaticServing"] is False
    assert server["maxUploadSize"] == uploads.LARGEST >> 20


def test_sends_nothing_and_shows_no_paths() -> None:
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] in ("type", "none")
    assert CONFIG["client"]["showSidebarNavigation"] is False


def test_the_theme_loads_nothing_from_elsewhere() -> None:
    assert "http" not in str(CONFIG["theme"])


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read(mode: str) -> None:
    theme = CONFIG["theme"][mode]
    for ground in (theme["backgroundColor"], theme["secondaryBackgroundColor"], theme["sidebar"]["backgroundColor"]):
        assert contrast(theme["textColor"], ground) >= 7
    assert contrast(theme["linkColor"], theme["backgroundColor"]) >= 4.5
    assert contrast("#ffffff", theme["primaryColor"]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_categories_are_the_figures_own(mode: str) -> None:
    assert [c.lower() for c in CONFIG["theme"][mode]["chartCategoricalColors"]] == [c.lower() for c in OKABE_ITO]


@pytest.mark.parametrize("name", ["chartSequentialColors", "chartDivergingColors"])
def test_streamlit_takes_exactly_ten_colours_of_a_ramp(name: str) -> None:
    assert len(CONFIG["theme"][name]) == 10


def test_amounts_grow_lighter_step_by_step() -> None:
    ramp = [luminance(colour) for colour in CONFIG["theme"]["chartSequentialColors"]]
    assert ramp == sorted(ramp)
