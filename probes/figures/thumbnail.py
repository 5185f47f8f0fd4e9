"""A figure made small: one view, little text, nothing to point at; what the home page shows of the last answer."""

from typing import Any

_HEIGHT = 110
_PARTS = ("hconcat", "vconcat", "concat")


def thumbnail(chart: Any) -> dict[str, Any]:
    """Return the specification of a chart's first view, as wide as where it stands and a hand's breadth high."""
    spec: dict[str, Any] = chart.to_dict()
    whole = spec
    while part := next((name for name in _PARTS if spec.get(name)), None):
        spec = spec[part][0]  # of a composition the first view says most
    small: dict[str, Any] = {name: whole[name] for name in ("$schema", "datasets", "config") if name in whole}
    small |= spec
    for name in ("title", "params", "description"):
        small.pop(name, None)
    config = {**small.get("config", {})}
    for name, less in _LESS.items():
        config[name] = {**config.get(name, {}), **less}
    return _bare({**small, "width": "container", "height": _HEIGHT, "config": config, "autosize": _FIT})


_FIT = {"type": "fit", "contains": "padding"}
_LESS: dict[str, Any] = {
    "axis": {"labelFontSize": 9, "title": None, "tickCount": 3, "grid": False},
    "legend": {"disable": True},
    "line": {"strokeWidth": 1.5},
}
_EXPLAINED = ("color", "fill", "stroke", "shape", "size", "opacity", "strokeDash")
"""Channels that a legend would explain."""


def _bare(view: dict[str, Any]) -> dict[str, Any]:
    """Return the view without the words on and around it; marks that are words alone are left out."""
    view = {**view}
    if "layer" in view:
        kept = [_bare(layer) for layer in view["layer"] if _kind(layer) != "text"]
        return {**view, "layer": kept or [_bare(layer) for layer in view["layer"]]}
    encoding = {name: _quiet(name, channel) for name, channel in view.get("encoding", {}).items() if name != "tooltip"}
    return {**view, "encoding": encoding}


def _kind(view: dict[str, Any]) -> str:
    mark = view.get("mark", "")
    return str(mark.get("type", "") if isinstance(mark, dict) else mark)


def _quiet(name: str, channel: Any) -> Any:
    if not isinstance(channel, dict) or "field" not in channel:
        return channel
    quiet = {**channel, "title": None}
    if name in _EXPLAINED:
        quiet["legend"] = None
    if name == "y" and channel.get("type") in ("nominal", "ordinal"):  # a row of a few pixels has no room for its name
        quiet["axis"] = {**(channel.get("axis") or {}), "labels": False, "ticks": False}
    return quiet
