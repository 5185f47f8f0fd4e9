"""Loss without the subspace: every number is drawn, negatives too, on one scale, and what is missing is said."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

from probes.figures.causal import LOOKS, f1_further_on, loss_with_only, loss_without


def result(layers: list[str], edits: tuple[str, ...] = ("remove",), change: float = 0.5) -> Any:
    rows = [
        (text, order, layer, edit, name, 0.2, 2 + change, change, change - 0.1, change + 0.1, 0.1, 0.0, 0.2)
        for text in ("code", "English")
        for order, layer in enumerate(layers)
        for edit in edits
        for name in LOOKS
    ]
    names = ["text", "order", "layer", "edit", "subspace", "share", "loss", "change", "low", "high"]
    table = pd.DataFrame(rows, columns=[*names, "above", "above_low", "above_high"])
    base = {"code": 2.0, "English": 3.0}
    return SimpleNamespace(changes=table, rank=4, task="next", base=base, headline=lambda: "H.")


def drawn(chart: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    spec = chart.to_dict()
    return spec, [row for rows in spec["datasets"].values() for row in rows if "change" in row]


def test_every_change_is_drawn_beside_its_controls_on_one_scale() -> None:
    spec, rows = drawn(loss_without(result(["0", "10", "2"], change=-0.5)))
    assert len(rows) == 2 * 3 * 3
    domains = {tuple(layer["encoding"]["y"]["scale"]["domain"]) for p in spec["hconcat"] for layer in p["layer"]}
    assert len(domains) == 1
    low, high = domains.pop()
    assert low < -0.6
    assert high > 0  # zero is always seen
    first = spec["hconcat"][0]["layer"][1]["encoding"]["x"]
    assert first["sort"] == ["0", "10", "2"]  # the model's order, not the alphabet's
    assert spec["description"] == "H."
    assert [p["title"]["text"] for p in spec["hconcat"]] == ["code, 2.00 nats as it is", "English, 3.00 nats as it is"]


def test_what_was_not_asked_is_said() -> None:
    assert "not asked to keep only" in str(loss_with_only(result(["1"])).to_dict())
    assert drawn(loss_with_only(result(["1"], ("remove", "keep only"))))[1]


def test_f1_further_on_is_drawn_from_the_edited_layer_with_nothing_removed_beside_it() -> None:
    rows = [
        (edited, name, order, str(order), 0.5, 0.4, 0.6)
        for edited in ("2", "9")
        for name in ("nothing removed", *LOOKS)
        for order in range(int(edited), 12)
    ]
    table = pd.DataFrame(rows, columns=["layer", "subspace", "order", "at", "f1", "low", "high"])
    given = SimpleNamespace(downstream=table, best="9", rank=4, headline=lambda: "H.")
    spec = f1_further_on(given).to_dict()
    drawn = [row for rows in spec["datasets"].values() for row in rows]
    assert {row["layer"] for row in drawn} == {"9"}
    assert {row["at"] for row in drawn} == {"9", "10", "11"}
    assert spec["layer"][1]["encoding"]["x"]["sort"] == ["9", "10", "11"]
    assert spec["layer"][1]["encoding"]["color"]["scale"]["domain"] == ["nothing removed", *LOOKS]
    assert "read no layer" in str(f1_further_on(SimpleNamespace(downstream=table.head(0), best="9")).to_dict())
