"""From frames to labelled windows that a model can read: the clock, the channels, the scale."""
