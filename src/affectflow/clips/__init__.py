"""Labelled clips: the faces in them as trajectories, the trajectories as files for other programs, and what is learnt from them."""
