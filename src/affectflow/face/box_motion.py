"""Where a box was last seen, and where it is heading: what a face that was lost for a moment is found again by."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

# Displacements that a box's speed is taken from.
N_STEPS_FOR_SPEED = 3


@dataclass(kw_only=True, eq=False)
class BoxMotion:
    """A box that moves.

    Attributes
    ----------
    box_px
        x0, y0, x1, y1 where it was last seen, pixels, float64.
    seen_s
        When that was, seconds.
    steps
        Its last displacements: (seconds, shift of the centre in pixels).
    """

    box_px: np.ndarray
    seen_s: float
    steps: list[tuple[float, np.ndarray]] = field(default_factory=list)

    def move_to(self, box_px: np.ndarray, time_s: float) -> None:
        """Note where the box is now."""
        if time_s > self.seen_s:
            shift = (box_px[:2] + box_px[2:] - self.box_px[:2] - self.box_px[2:]) / 2
            self.steps = [*self.steps[1 - N_STEPS_FOR_SPEED :], (time_s - self.seen_s, shift)]
        self.box_px, self.seen_s = box_px, time_s

    def expected_box(self, time_s: float) -> np.ndarray:
        """Return the last box moved on at its last speed, by one box width at most."""
        if not self.steps:
            return self.box_px
        speed = np.sum([s for _, s in self.steps], axis=0) / sum(step_s for step_s, _ in self.steps)
        shift = speed * (time_s - self.seen_s)
        longest = self.box_px[2] - self.box_px[0]
        length = float(np.hypot(shift[0], shift[1]))
        if length > longest:
            shift = shift * (longest / length)
        return self.box_px + np.concatenate([shift, shift])
