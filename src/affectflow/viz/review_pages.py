"""Pages to look through what a network says of pictures: many at a glance, and samples in detail."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import polars as pl

from affectflow.viz.draw import Picture
from affectflow.viz.labels import in_words
from affectflow.viz.thumbnails import hide_faces

SMALL_PX, LARGE_PX = 110, 220
JPEG_QUALITY = 80
# Emotions in detail: the likeliest, and all labelled ones.
SHOWN = 8
# The page runs no script and asks for nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 14px/1.4 system-ui, sans-serif; color: #222; margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; margin-bottom: .2rem; } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; } p { margin: .3rem 0; }
.private { padding: .4rem .7rem; border-left: 4px solid #D55E00; background: #fdf1ea; }
.grid { display: flex; flex-wrap: wrap; gap: .8rem; } figure { margin: 0; }
.small { width: 8.4rem; font-size: .72rem; line-height: 1.25; } .small img { max-width: 110px; max-height: 110px; }
.large { width: 34rem; display: flex; gap: .8rem; padding: .5rem 0; border-top: 1px solid #ddd; }
.large .shot { width: 220px; flex: none; } .large .shot img { max-width: 220px; max-height: 260px; }
figcaption, .id { color: #666; font-size: .75rem; overflow-wrap: anywhere; }
.right { color: #00704f; } .missed { color: #6a6a6a; } .wrong { color: #b04a00; }
.bar { position: relative; width: 9rem; height: .7rem; background: #eee; }
.bar i { position: absolute; left: 0; top: 0; bottom: 0; background: #0072B2; }
.bar b { position: absolute; top: -2px; bottom: -2px; width: 2px; background: #222; }
table { border-collapse: collapse; } td { padding: .05rem .4rem .05rem 0; font-size: .8rem; white-space: nowrap; }
.none { display: inline-block; width: 100px; height: 70px; background: #eee; }
"""
_MARKS = {
    "right": "✓",
    "missed": "○",
    "wrong": "✗",
}
_KEY = (
    '<p><span class="right">✓ told, and a label</span> · <span class="missed">○ a label, not told</span> · '
    '<span class="wrong">✗ told, no label</span></p>'
)


def small_jpeg(rgb: Picture, *, side_px: int, blurred: bool = False) -> bytes:
    """Return a picture as JPEG, its longer side `side_px` at most; blurred: so coarse that nobody can be known on it."""
    shown = hide_faces(rgb, np.zeros((0, 4))) if blurred else rgb
    scale = min(1.0, side_px / max(shown.shape[:2]))
    size = (max(round(shown.shape[1] * scale), 1), max(round(shown.shape[0] * scale), 1))
    shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", shown[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done, "OpenCV cannot write JPEG"
    return data.tobytes()


def grid_page(
    judged: pl.DataFrame,
    jpegs: Mapping[str, bytes],
    *,
    source: str,
    model: str,
    n_all: int,
    simulated: bool = False,
) -> str:
    """Return a page of many small pictures, each with the emotions of its label and those told.

    Parameters
    ----------
    judged
        Rows of `pictures.review_samples.judged_pictures`, those to be shown.
    jpegs
        `picture_id` → picture; a picture that is not there is shown as a grey field.
    source, model
        Names of the data set and the network.
    n_all
        Of how many test pictures these are.
    simulated
        Mark the page as simulated data.
    """
    figures = "".join(
        f'<figure class="small">{_image(row, jpegs)}<div>{_told_words(row)}</div></figure>'
        for row in judged.iter_rows(named=True)
    )
    title = f"Pictures of {source} and what {model} tells"
    note = f"<p>{judged.height} of {n_all} test pictures, drawn at random.</p>"
    return _page(title, f'{note}{_KEY}<div class="grid">{figures}</div>', source=source, simulated=simulated)


def samples_page(
    judged: pl.DataFrame,
    samples: pl.DataFrame,
    emotions: pl.DataFrame,
    jpegs: Mapping[str, bytes],
    *,
    groups: Mapping[str, str],
    source: str,
    model: str,
    simulated: bool = False,
) -> str:
    """Return a page of sample pictures in groups, each with probabilities, thresholds, labels, valence and arousal.

    Parameters
    ----------
    judged, samples, groups
        Of `pictures.review_samples`: `judged_pictures`, `choose_samples`, `GROUPS`.
    emotions
        `pictures.evaluate_emotions.EmotionEvaluation.emotions`: the thresholds, of the state `tuned`.
    jpegs, source, model, simulated
        As of `grid_page`.
    """
    rows = {row["picture_id"]: row for row in judged.iter_rows(named=True)}
    thresholds = dict(emotions.filter(state="tuned").select("emotion", "threshold").rows())
    parts = [_KEY, "<p>Bars: probability, 0 to 1; the line: threshold, chosen on validation pictures.</p>"]
    for name, words in groups.items():
        own = samples.filter(group=name)["picture_id"].to_list()
        details = "".join(_detail(rows[picture_id], thresholds, jpegs) for picture_id in own)
        parts.append(f'<h2>{html.escape(words)}</h2><div class="grid">{details}</div>')
    return _page(
        f"Samples of {source} in detail: {model}", "".join(parts), source=source, simulated=simulated
    )


def _page(title: str, body: str, *, source: str, simulated: bool) -> str:
    said = (
        "<p><b>Simulated data</b>: faces made from one public-domain portrait; labels and faces are made up to fit.</p>"
        if simulated
        else f'<p class="private"><b>This page shows pictures of people</b> from the data set {html.escape(source)}. Its licence, and '
        "what those shown have agreed to, say who may see them: keep this page to yourself, do not put it on the web or "
        "into a publication.</p>"
    )
    worth = "<p>Labels are what annotators saw in a picture, and what a network tells is a guess at that: neither says what somebody felt.</p>"
    heading = html.escape(title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{heading}</title><style>{_STYLE}</style></head><body><h1>{heading}</h1>{said}{worth}{body}</body></html>\n"
    )


def _image(row: Mapping[str, Any], jpegs: Mapping[str, bytes]) -> str:
    name = html.escape(row["picture_id"])
    data = jpegs.get(row["picture_id"])
    shown = (
        f'<img alt="{name}" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
        if data is not None
        else '<span class="none"></span>'
    )
    return f"{shown}<figcaption>{name}</figcaption>"


def _kind(name: str, row: Mapping[str, Any]) -> str | None:
    """Whether an emotion was told right, missed or told wrongly; None for one that is neither told nor a label."""
    labelled, said = name in row["emotions"], name in row["told"]
    return "right" if labelled and said else "missed" if labelled else "wrong" if said else None


def _told_words(row: Mapping[str, Any]) -> str:
    order = list(_MARKS)
    names = sorted({*row["emotions"], *row["told"]}, key=lambda n: (order.index(str(_kind(n, row))), n))
    if not names:
        return "no emotion, neither as a label nor told"
    return "<br>".join(_marked(name, row) for name in names)


def _marked(name: str, row: Mapping[str, Any]) -> str:
    kind, words = _kind(name, row), html.escape(in_words(name))
    return words if kind is None else f'<span class="{kind}">{_MARKS[kind]} {words}</span>'


def _detail(
    row: Mapping[str, Any], thresholds: Mapping[str, float | None], jpegs: Mapping[str, bytes]
) -> str:
    probability = {name: row[f"p_{name}"] for name in thresholds}
    likeliest = sorted(probability, key=lambda name: (-probability[name], name))
    shown = likeliest[:SHOWN] + [name for name in likeliest[SHOWN:] if name in row["emotions"]]
    bars = "".join(
        f"<tr><td>{_marked(name, row)}</td><td>{_bar(probability[name], thresholds[name])}</td>"
        f"<td>{probability[name]:.2f}</td></tr>"
        for name in shown
    )
    affect = " · ".join(
        f"{name} {_number(row[name])}, told {_number(row[f'predicted_{name}'])}"
        for name in ("valence", "arousal")
    )
    how = f"log loss {row['loss']:.2f}, mean entropy {row['doubt']:.2f} bits"
    return (
        f'<figure class="large"><div class="shot">{_image(row, jpegs)}</div>'
        f'<div><table>{bars}</table><p class="id">{affect}<br>{how}</p></div></figure>'
    )


def _bar(value: float, threshold: float | None) -> str:
    line = "" if threshold is None else f'<b style="left:{100 * threshold:.1f}%"></b>'
    return f'<div class="bar"><i style="width:{100 * value:.1f}%"></i>{line}</div>'


def _number(value: float | None) -> str:
    # What rounds to 0 has no sign.
    return "not known" if value is None else f"{round(value, 2) or 0.0:.2f}"
