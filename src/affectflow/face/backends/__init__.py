"""Face code extractors, one file each.

To add one: a file with a class derived from `base.FaceBackend`, a line in
`BACKENDS`, and its needs below. The needs stand here a second time because the
workflow asks for them while it is parsed, before torch or mediapipe may be
imported; the contract tests keep both in step.
"""

BACKENDS: dict[str, str] = {
    "facemesh": "affectflow.face.backends.facemesh:FaceMeshBackend",
}
NEEDS_VIDEO: frozenset[str] = frozenset()
NEEDS_GPU: frozenset[str] = frozenset()
