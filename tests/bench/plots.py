"""Plots of the results as SVG, written by hand: bars of throughput, lines of latency, growth of the log."""

import math
from html import escape

from measures import SPEED, SYSTEMS

WIDTH, ROW, LEFT, RIGHT, TOP = 860, 22, 270, 130, 46
COLOURS = {"muster": "#c0392b", "nats": "#2a6f97", "redis": "#7f5539", "mosquitto": "#386641"}
FONT = "font-family='sans-serif' font-size='12'"


def colour(key):
    return COLOURS[key.split("-", maxsplit=1)[0]]


def faded(key):
    """The plain and the encrypted (or unsigned) of one system look alike, but for this."""
    return 0.55 if "-" in key else 1


def text(x, y, words, anchor="start", extra=""):
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' {FONT} {extra}>{escape(words)}</text>"


def page(height, title, parts):
    head = f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' " \
           f"viewBox='0 0 {WIDTH} {height}'>\n<rect width='100%' height='100%' fill='white'/>"
    return "\n".join([head, text(12, 26, title, extra="font-weight='bold'"), *parts, "</svg>", ""])


def ticks(low, high):
    """Powers of ten that cover low to high."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0 ** power for power in range(first, max(last, first + 1) + 1)]


def plain(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def bars(figures, what):
    """Rates, on a scale that begins at zero: lengths may be compared."""
    rows = [(s, figures[f"{what}/{s.key}/rate"]) for s in SYSTEMS if f"{what}/{s.key}/rate" in figures]
    if not rows:
        return None
    most = max(figure["max"] for _, figure in rows) or 1
    scale = (WIDTH - LEFT - RIGHT) / most
    parts = []
    for i, (system, figure) in enumerate(rows):
        y = TOP + i * ROW
        end = LEFT + figure["median"] * scale
        note = "" if system.fsyncs.startswith("no") else ", fsynced"
        parts += [text(LEFT - 8, y + 14, system.title, "end"),
                  f"<rect x='{LEFT}' y='{y + 3}' width='{figure['median'] * scale:.1f}' height='15' "
                  f"fill='{colour(system.key)}' fill-opacity='{faded(system.key)}'/>",
                  f"<path d='M{LEFT + figure['min'] * scale:.1f} {y + 10.5} "
                  f"H{LEFT + figure['max'] * scale:.1f}' stroke='black'/>",
                  text(max(end, LEFT + figure["max"] * scale) + 6, y + 14, plain(figure["median"]) + note)]
    return page(TOP + len(rows) * ROW + 16,
                f"Orders a second, {SPEED[what][0]}: median, line: lowest to highest", parts)


def latency(figures, what):
    """p50, p99 and p99.9 of each system on a logarithmic scale."""
    shares = ("p50_us", "p99_us", "p999_us")
    rows = [(s, [figures[f"{what}/{s.key}/{share}"]["median"] / 1000 for share in shares])
            for s in SYSTEMS if f"{what}/{s.key}/p50_us" in figures]
    rows = [(system, values) for system, values in rows if min(values) > 0]
    if not rows:
        return None
    marks = ticks(min(values[0] for _, values in rows), max(values[2] for _, values in rows))
    low, span = math.log10(marks[0]), math.log10(marks[-1]) - math.log10(marks[0])
    bottom = TOP + len(rows) * ROW

    def at(value):
        return LEFT + (math.log10(value) - low) / span * (WIDTH - LEFT - RIGHT)

    parts = []
    for mark in marks:
        parts += [f"<path d='M{at(mark):.1f} {TOP} V{bottom}' stroke='#ccc'/>",
                  text(at(mark), bottom + 16, f"{plain(mark)} ms", "middle")]
    for i, (system, values) in enumerate(rows):
        y = TOP + i * ROW + 11
        parts += [text(LEFT - 8, y + 4, system.title, "end"),
                  f"<path d='M{at(values[0]):.1f} {y} H{at(values[2]):.1f}' stroke='{colour(system.key)}' "
                  f"stroke-opacity='{faded(system.key)}' stroke-width='3'/>"]
        parts += [f"<circle cx='{at(value):.1f}' cy='{y}' r='{radius}' fill='{colour(system.key)}' "
                  f"fill-opacity='{faded(system.key)}'/>" for value, radius in zip(values, (6, 4.5, 3))]
    return page(bottom + 30, f"From issue to delivery, {SPEED[what][0]}: p50 (large), p99, p99.9 (small)",
                parts)


def growth(figures):
    prefix = "log/throughput-"
    sizes = sorted(int(name[len(prefix):]) for name in figures if name.startswith(prefix))
    if len(sizes) < 2:
        return None
    most = max(figures[f"{prefix}{size}"]["max"] for size in sizes)
    height, left, bottom = 260, 90, 220

    def point(i, value):
        return left + i * (WIDTH - left - 80) / (len(sizes) - 1), bottom - value / most * (bottom - TOP)

    parts = [f"<path d='M{left} {TOP} V{bottom} H{WIDTH - 60}' stroke='black' fill='none'/>"]
    points = []
    for i, size in enumerate(sizes):
        figure = figures[f"{prefix}{size}"]
        x, y = point(i, figure["median"])
        points.append(f"{x:.1f},{y:.1f}")
        parts += [f"<path d='M{x:.1f} {point(i, figure['min'])[1]:.1f} V{point(i, figure['max'])[1]:.1f}' "
                  "stroke='black'/>", f"<circle cx='{x:.1f}' cy='{y:.1f}' r='5' fill='{COLOURS['muster']}'/>",
                  text(x, bottom + 18, f"{size:,} records", "middle"),
                  text(x + 8, y - 8, plain(figure["median"]))]
    parts.append(f"<polyline points='{' '.join(points)}' fill='none' stroke='{COLOURS['muster']}'/>")
    return page(height, "Orders issued, delivered and completed a second, as the log grows", parts)


def write(results, folder):
    figures = results["figures"]
    drawings = {"throughput-" + what: bars(figures, what) for what in SPEED if what != "open"}
    drawings.update({"latency-" + what: latency(figures, what) for what in ("one", "clients", "open")})
    drawings["growth"] = growth(figures)
    for name, drawing in drawings.items():
        if drawing:
            (folder / f"{name}.svg").write_text(drawing, encoding="utf-8")
