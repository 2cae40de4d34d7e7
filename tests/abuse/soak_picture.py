"""A soak as a picture: rate, p95 and memory over time, the faults as bands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

_MINUTE_S = 60.0


def draw(series: Mapping[str, Any], path: Path) -> None:
    """Writes the series of `soak_report.series` as an SVG file, the same bytes for the same run."""
    with mpl.rc_context({"svg.hashsalt": "wherefore", "font.size": 9}):
        figure, panels = plt.subplots(3, sharex=True, figsize=(12, 8), layout="constrained")
        rates, latencies, memory = panels
        _draw_rates(rates, series)
        at = _minutes(series)
        shown = [(t, ms) for t, ms in zip(at, series["p95_ms"], strict=True) if ms is not None]
        latencies.plot([t for t, _ in shown], [ms for _, ms in shown], color="tab:blue")
        latencies.set(ylabel="p95 of predictions, ms", yscale="log")
        _draw_memory(memory, series)
        for panel in panels:
            _draw_faults(panel, series, with_names=panel is rates)
            panel.grid(alpha=0.3)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close(figure)


def _minutes(series: Mapping[str, Any]) -> list[float]:
    num_bins = len(series["p95_ms"])
    return [(number + 0.5) * series["bin_s"] / _MINUTE_S for number in range(num_bins)]


def _draw_rates(axes: Axes, series: Mapping[str, Any]) -> None:
    colours = {"answered": "tab:green", "refused": "tab:orange", "cut_off": "tab:red"}
    for name, colour in colours.items():
        label = name.replace("_", " ")
        axes.plot(_minutes(series), series[f"{name}_per_s"], color=colour, label=label)
    axes.set(ylabel="requests/s")
    axes.legend(loc="lower right", ncols=3)


def _draw_memory(axes: Axes, series: Mapping[str, Any]) -> None:
    at = [t / _MINUTE_S for t, _, _ in series["memory"]]
    axes.plot(at, [pss for _, pss, _ in series["memory"]], color="tab:purple", label="PSS")
    axes.plot(at, [rss for _, _, rss in series["memory"]], color="tab:gray", label="RSS", lw=0.8)
    axes.set(ylabel="memory, MiB", xlabel="minutes")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right", ncols=2)


def _draw_faults(axes: Axes, series: Mapping[str, Any], *, with_names: bool) -> None:
    for name, start, end in series["faults"]:
        axes.axvspan(start / _MINUTE_S, end / _MINUTE_S, color="tab:red", alpha=0.12, lw=0)
        if with_names:
            axes.annotate(
                name, (start / _MINUTE_S, 1.0), xycoords=("data", "axes fraction"), rotation=60,
                fontsize=7,
            )  # fmt: skip
