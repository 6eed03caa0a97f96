"""One recording's quality as a page of HTML that needs nothing from elsewhere."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from affectflow.schema import RECORDING_QUALITY
from affectflow.viz.labels import label_of
from affectflow.viz.style import figure_style, settle
from affectflow.viz.thumbnails import Thumbnail

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Not in the table of numbers: said elsewhere on the page, or told per signal.
_SAID = {"recording_id", "subject_id", "condition", "note", "excluded", "n_windows"}
# The page runs no script and asks for nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; margin: 1.5rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; margin-bottom: 0; } h2 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .3rem 0; } .who, .small, td.meaning { color: #666; }
.verdict { padding: .4rem .7rem; border-left: 4px solid #009E73; background: #eef7f3; }
.verdict.out { border-color: #D55E00; background: #fdf1ea; }
.strip { display: flex; flex-wrap: wrap; gap: .5rem; } figure { margin: 0; }
figure.shot { width: 9.7rem; } .shot img { width: 100%; display: block; }
figcaption { font-size: .8rem; color: #666; } svg { width: 100%; height: auto; }
table { border-collapse: collapse; } th, td { padding: .15rem .7rem .15rem 0; text-align: right; }
th { border-bottom: 1px solid #888; } td:first-child, th:first-child, td.meaning, th.meaning { text-align: left; }
td { border-bottom: 1px solid #eee; vertical-align: top; } td.value { white-space: nowrap; }
"""


def quality_page(
    quality: pl.DataFrame,
    signals: pl.DataFrame,
    figure: Figure,
    shots: Sequence[Thumbnail],
    *,
    blurred: bool = False,
    simulated: bool = False,
) -> str:
    """Put verdict, notes, thumbnails, figure and numbers of one recording onto a page.

    Parameters
    ----------
    quality
        `schema.RECORDING_QUALITY`, one row.
    signals
        From `features.coverage.coverage_of_signals`.
    figure
        From `viz.plot_quality`.
    shots
        From `viz.thumbnails`; may be empty.
    blurred
        Whether their faces are hidden; the page says so.
    simulated
        Mark the page as simulated data.

    Returns
    -------
    HTML without scripts, with pictures inside; all text is escaped.
    """
    row = quality.row(0, named=True)
    name = html.escape(row["recording_id"])
    who = " · ".join(html.escape(v) for v in (row["subject_id"], row["condition"]) if v)
    parts = [
        f"<h1>Quality of {name}</h1>",
        f'<p class="who">{who}{" · <b>simulated data</b>" if simulated else ""}</p>',
        _verdict(row),
        _strip(shots, blurred),
        "<h2>Over time</h2>",
        _svg(figure, f"Coverage of face and signals of {row['recording_id']} over time"),
        _signal_table(signals),
        _number_table(row),
        '<p class="small"><a href="quality.html">All recordings</a></p>',
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Quality of {name}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _verdict(row: Mapping[str, object]) -> str:
    out = row["excluded"]
    verdict = (
        f"<b>Left out</b>: {html.escape(str(out))}"
        if out
        else "Takes part: no limit of features.exclude is failed."
    )
    note = f'<p class="verdict out">{html.escape(str(row["note"]))}</p>' if row["note"] else ""
    return f'<p class="verdict{" out" if out else ""}">{verdict}</p>{note}'


def _strip(shots: Sequence[Thumbnail], blurred: bool) -> str:
    if not shots:
        return ""
    figures = [
        f'<figure class="shot"><img alt="frame at {s.time_s:.2f} s" src="data:image/jpeg;base64,'
        f'{base64.b64encode(s.jpeg).decode()}"><figcaption>{s.time_s:.2f} s{"" if s.has_face else ", no face"}'
        "</figcaption></figure>"
        for s in shots
    ]
    hidden = '<p class="small">Made coarse: faces cannot be restored from this page.</p>' if blurred else ""
    return f'<h2>Frames</h2><div class="strip">{"".join(figures)}</div>{hidden}'


def _svg(figure: Figure, what: str) -> str:
    buffer = io.StringIO()
    with figure_style():
        settle(figure)
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    # Without the XML declaration, whose doctype names an address.
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    return f'<figure role="img" aria-label="{html.escape(what)}">{drawing}</figure>'


def _signal_table(signals: pl.DataFrame) -> str:
    if signals.is_empty():
        return ""
    head = (
        "<th>signal</th><th>of the frames</th><th>gaps</th><th>longest gap</th><th>quality of its wave</th>"
    )
    rows = [
        f"<tr><td>{html.escape(label_of(r['signal']))}</td><td>{_percent(r['coverage'])}</td><td>{r['n_gaps']}</td>"
        f"<td>{_number(r['gap_max_s'])} s</td><td>{_number(r['quality'])}</td></tr>"
        for r in signals.iter_rows(named=True)
    ]
    return f"<h2>Signals</h2><table><tr>{head}</tr>{''.join(rows)}</table>"


def _number_table(row: Mapping[str, object]) -> str:
    rows = [
        f'<tr><td>{c.name}</td><td class="value">{_value(row[c.name])}</td><td class="meaning">{html.escape(c.meaning)}</td></tr>'
        for c in RECORDING_QUALITY.columns
        if c.name not in _SAID and row[c.name] is not None
    ]
    return (
        f'<h2>Numbers</h2><table><tr><th></th><th></th><th class="meaning"></th></tr>{"".join(rows)}</table>'
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _number(value) if isinstance(value, float) else html.escape(str(value))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
