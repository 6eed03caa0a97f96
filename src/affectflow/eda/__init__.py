"""Electrodermal activity from videos of faces."""

# Name → function(size_px=, length=) that makes a network for clips: pictures (b, t, h, w, 3) 0..255, and the pulse
# (b, t) where its `pulse` is true, → the course (b, t).
EDA_MODELS = {
    "physnet": "affectflow.eda.models:physnet",
    "physnet_bvp": "affectflow.eda.models:physnet_bvp",
    "separable_physnet": "affectflow.eda.models:separable_physnet",
    "separable_physnet_bvp": "affectflow.eda.models:separable_physnet_bvp",
    "cnn_lstm": "affectflow.eda.models:cnn_lstm",
    "cnn_lstm_bvp": "affectflow.eda.models:cnn_lstm_bvp",
    "deepphys": "affectflow.eda.models:deepphys",
    "tscan": "affectflow.eda.models:tscan",
}
# Those that may begin with what somebody trained on the pulse: names in `weights.WEIGHTS`.
STARTS = ("physnet", "deepphys", "tscan")
