"""Estimators of action units, one file each.

To add one: a file with a class derived from `base.UnitBackend`, a line in
`UNITS`, and its needs below. The needs stand here a second time because the
workflow asks for them while it is parsed, before torch or mediapipe may be
imported; the contract tests keep both in step.
"""

UNITS: dict[str, str] = {
    "blendshapes": "affectflow.face.units.blendshapes:BlendshapeUnits",
    "geometric": "affectflow.face.units.geometric:GeometricUnits",
    "resnet_au": "affectflow.face.units.resnet_au:ResNetUnits",
}
NEEDS_VIDEO: frozenset[str] = frozenset({"blendshapes", "resnet_au"})
NEEDS_GPU: frozenset[str] = frozenset({"resnet_au"})
# What the user puts into resources/models/blendshapes/.
TASK_FILE = "face_landmarker.task"
