"""SVG plots in plain code: points and lines on axes, logarithmic where asked. Only what the record draws; no library of plots."""

import html
import math

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 400, 70, 50
COLOURS = ["#0b6e6e", "#c2410c", "#6d28d9", "#4d7c0f", "#be185d", "#334155"]


def scale(values, low, high, log):
    values = [math.log10(value) if log else value for value in values]
    least, most = min(values), max(values)
    span = (most - least) or 1
    return lambda value: low + ((math.log10(value) if log else value) - least) / span * (high - low), least, least + span


def ticks(least, most, log):
    if log and most - least > 1.5:
        return [10**power for power in range(math.ceil(least), math.floor(most) + 1)]
    return [10 ** (least + part * (most - least) / 4) if log else least + part * (most - least) / 4 for part in range(5)]


def short(value):
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def chart(path, title, x_name, y_name, series, log_x=True, log_y=True):
    """`series`: name → points (x, y); written to `path`. Points with a coordinate of zero have no place on logarithmic axes."""
    series = {name: sorted(p for p in points if (p[0] > 0 or not log_x) and (p[1] > 0 or not log_y)) for name, points in series.items()}
    points = [point for line in series.values() for point in line]
    if not points:
        return
    x, x0, x1 = scale([p[0] for p in points], LEFT, WIDTH - 20, log_x)
    y, y0, y1 = scale([p[1] for p in points], HEIGHT - BOTTOM, 40, log_y)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/><text x="{LEFT}" y="22" font-size="14">{html.escape(title)}</text>']
    for tick in ticks(x0, x1, log_x):
        out.append(f'<path d="M{x(tick):.1f} 40V{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{x(tick):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(tick)}</text>')
    for tick in ticks(y0, y1, log_y):
        out.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - 20}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{short(tick)}</text>')
    for at, (name, line) in enumerate(series.items()):
        colour = COLOURS[at % len(COLOURS)]
        joined = " ".join(f"{x(px):.1f},{y(py):.1f}" for px, py in line)
        out.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x(px):.1f}" cy="{y(py):.1f}" r="3.5" fill="{colour}"/>' for px, py in line]
        out.append(f'<text x="{LEFT + 10}" y="{56 + 16 * at}" fill="{colour}">{html.escape(name)}</text>')
    out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{html.escape(x_name)}</text>'
               f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{html.escape(y_name)}</text></svg>')
    path.write_text("\n".join(out) + "\n")


def front(points):
    """Pareto front of (recall, queries a second): what no other point beats in both."""
    return [p for p in points if not any(q[0] >= p[0] and q[1] >= p[1] and q != p for q in points)]
