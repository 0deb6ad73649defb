"""A picture for each comparison, in SVG: the same bytes for the same figures, with text as text, for light and for dark."""

from __future__ import annotations

import io
import statistics
from typing import NamedTuple

import matplotlib

matplotlib.use("svg")
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from records import Ratio, Record, amount, digits, step

RATIOS = ("time", "processor time")
# Each colour, and what it becomes where the reader's screen is dark. Apart from each other for the colour-blind too.
DARK = {
    "#ffffff": "#0d1117",
    "#1f2328": "#e6edf3",
    "#59636e": "#9198a1",
    "#d1d9e0": "#3d444d",
    "#0b6bcb": "#4ba3ff",
    "#9a4a00": "#f0883e",
}
GROUND, TEXT, QUIET, LINES, AHEAD, BEHIND = DARK
WIDTH, LEFT, RIGHT, ROW, HEAD, GAP = 10.0, 2.9, 0.25, 0.2, 0.4, 0.5
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "egoi-verify",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.color": TEXT,
    "axes.edgecolor": LINES,
    "axes.labelcolor": QUIET,
    "axes.titlecolor": TEXT,
    "axes.titlesize": 10,
    "xtick.color": QUIET,
    "ytick.color": TEXT,
}


class Row(NamedTuple):
    label: str
    panels: list[Ratio | None]
    """What stands in each panel; in none of them, it is the head of those that follow."""


def ratio_rows(records: list[Record], measures: list[str]) -> tuple[list[Row], bool]:
    """The rows, and whether they are of floors alone, of which ours is a multiple; else they are multiples of ours."""
    floors_alone = not any(record.others for record in records)
    rows: list[Row] = []
    for settings in dict.fromkeys(record.settings for record in records):
        of = {record.measure: record for record in records if record.settings == settings}
        rows.append(Row(settings, []))
        for name in dict.fromkeys(name for record in of.values() for name in [*record.others, *record.floors]):
            panels: list[Ratio | None] = []
            for measure in measures:
                record = of.get(measure)
                if record is None or name not in {**record.others, **record.floors}:
                    panels.append(None)
                elif floors_alone:
                    panels.append(record.over(name))
                elif name in record.others:
                    panels.append(record.against(name))
                else:
                    over = record.over(name)
                    panels.append(Ratio(1 / over.median, 1 / over.largest, 1 / over.smallest, 1 / over.mean))
            rows.append(Row(name, panels))
    return rows, floors_alone


def draw_ratios(axes: Axes, rows: list[Row], panel: int, title: str, floors_alone: bool) -> None:
    axes.set_xscale("log")
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(1, color=QUIET, linewidth=1)
    for y, row in enumerate(rows):
        ratio = row.panels[panel] if row.panels else None
        if ratio is None:
            continue
        ahead = ratio.median >= 1 and not floors_alone
        colour = QUIET if floors_alone else AHEAD if ahead else BEHIND
        axes.plot([ratio.smallest, ratio.largest], [y, y], color=colour, linewidth=2, alpha=0.6)
        axes.plot([ratio.median], [y], marker="o" if ahead or floors_alone else "D", color=colour, markersize=5)
        axes.annotate(
            digits(ratio.median),
            (ratio.largest, y),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=TEXT,
        )
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.8), max(high * 1.25, 1.3))
    steps = LogLocator(subs=(1, 2, 5))
    axes.xaxis.set_major_locator(steps)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("ours as a multiple of it" if floors_alone else "as a multiple of ours")
    finish(axes, title)


def draw_amounts(axes: Axes, rows: list[tuple[str, list[float], str]], unit: str, title: str) -> None:
    axes.set_ylim(len(rows) - 0.4, -0.6)
    size, name = step(max(max(taken) for _, taken, _ in rows), unit)
    for y, (_, taken, colour) in enumerate(rows):
        median = statistics.median(taken)
        axes.barh([y], [median / size], height=0.6, color=colour)
        axes.plot([min(taken) / size, max(taken) / size], [y, y], color=TEXT, linewidth=1)
        end = (max(taken) / size, y)
        axes.annotate(
            amount(median, unit), end, (5, 0), textcoords="offset points", va="center", fontsize=8, color=TEXT
        )
    axes.set_xlim(0, axes.get_xlim()[1] * 1.15)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} {name}" if value else "0"))
    finish(axes, title)


def finish(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left")
    axes.set_facecolor("none")
    axes.grid(axis="x", color=LINES, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, which="both")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def label(axes: Axes, labels: list[tuple[str, bool]]) -> None:
    axes.set_yticks(range(len(labels)), [text.replace("`", "") for text, _ in labels])
    for tick, (_, is_head) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_fontweight("bold" if is_head else "normal")


def picture(title: str, records: list[Record]) -> str:
    """The picture of a comparison."""
    with matplotlib.rc_context(STYLE):
        compared = [record for record in records if record.others or record.floors]
        measures = [name for name in RATIOS if any(record.measure == name for record in compared)]
        ratios, floors_alone = ratio_rows([record for record in compared if record.measure in measures], measures)
        blocks: list[tuple[str, str, list[tuple[str, list[float], str]]]] = []
        for record in records:
            if record in compared and record.measure in measures:
                continue
            ways = {"ours": record.ours, **record.others, **record.floors}
            colours = {"ours": AHEAD, **dict.fromkeys(record.others, QUIET), **dict.fromkeys(record.floors, LINES)}
            if len(ways) == 1:
                ways, colours = {record.settings: record.ours}, {record.settings: AHEAD}
                name = record.measure
            else:
                name = f"{record.measure}: {record.settings}"
            rows = [(way, taken, colours[way]) for way, taken in ways.items()]
            if blocks and blocks[-1][:2] == (name, record.unit):
                blocks[-1][2].extend(rows)
            else:
                blocks.append((name, record.unit, rows))
        counts = ([len(ratios)] if measures else []) + [len(rows) for _, _, rows in blocks]
        height = sum(HEAD + count * ROW + GAP for count in counts)
        figure = Figure(figsize=(WIDTH, height), facecolor=GROUND)
        top = height

        def axes(count: int, left: float, width: float) -> Axes:
            bottom = top - HEAD - count * ROW
            return figure.add_axes((left / WIDTH, bottom / height, width / WIDTH, count * ROW / height))

        if measures:
            each = (WIDTH - LEFT - RIGHT) / len(measures)
            for panel, measure in enumerate(measures):
                drawn = axes(len(ratios), LEFT + panel * each, each - 0.25)
                draw_ratios(drawn, ratios, panel, measure, floors_alone)
                label(drawn, [(row.label if panel == 0 else "", not row.panels) for row in ratios])
            top -= HEAD + len(ratios) * ROW + GAP
        for name, unit, rows in blocks:
            drawn = axes(len(rows), LEFT, WIDTH - LEFT - RIGHT - 0.25)
            draw_amounts(drawn, rows, unit, name)
            label(drawn, [(way, False) for way, _, _ in rows])
            top -= HEAD + len(rows) * ROW + GAP
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    return for_dark(written.getvalue())


def for_dark(svg: str) -> str:
    """With what the colours become in the dark; where style sheets are not read the light ones stay."""
    rules = "".join(
        f'[style*="{part}: {light}"]{{{part}:{dark} !important}}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )
    style = f'<style type="text/css">@media (prefers-color-scheme: dark){{{rules}}}</style>'
    end = svg.index("<defs>")
    return "\n".join(line.rstrip() for line in (svg[:end] + style + "\n  " + svg[end:]).splitlines()) + "\n"
