"""Clocks that are too slow for the windows, refused before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

from affectflow.config.train import Train
from affectflow.errors import ConfigError
from affectflow.train.models import facts_of
from affectflow.train.protocol.controls import Entry

# A window begins at the cell nearest to its start: of a single cell up to half lies outside, and what is outside
# may be another phase.
LEAST_CELLS = 2


def check_rates(settings: Train, entries: Mapping[str, Entry], *, length_s: float) -> None:
    """Refuse clocks on which a window of a modality that is read has fewer than two cells.

    Parameters
    ----------
    settings
        `rates_hz` and `modalities`.
    entries
        What is trained (`controls.entries`).
    length_s
        Length of a window, seconds.

    Raises
    ------
    ConfigError
        If there is such a clock.
    """
    for name, entry in entries.items():
        if not entry.needs_frames:
            continue
        for modality in facts_of(entry.model).reads(settings.modalities):
            rate_hz = getattr(settings.rates_hz, modality)
            if length_s * rate_hz < LEAST_CELLS - 1e-9:
                raise ConfigError(
                    f"config: train.rates_hz: {modality}: {rate_hz:g} gives {name} {length_s * rate_hz:.3g} cells in a window "
                    f"of {length_s:g} s (features.windows.length_s), so that it would read time outside the window. Set it to "
                    f"{_at_least(LEAST_CELLS / length_s)} or more, or make windows longer."
                )


def _at_least(rate_hz: float) -> str:
    """Return a rate in few digits, never rounded to one that would be refused."""
    shown = f"{rate_hz:.3g}"
    return shown if float(shown) >= rate_hz else f"{rate_hz * 1.005:.3g}"
