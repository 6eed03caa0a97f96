"""Face code extractors, one file each.

To add one: a file with a class derived from `base.FaceBackend`, a line in
`BACKENDS`, and its needs below. The needs stand here a second time because the
workflow asks for them while it is parsed, before torch or mediapipe may be
imported; the contract tests keep both in step.
"""

BACKENDS: dict[str, str] = {
    "emoca": "affectflow.face.backends.emoca:EmocaBackend",
    "facemesh": "affectflow.face.backends.facemesh:FaceMeshBackend",
}
NEEDS_VIDEO: frozenset[str] = frozenset({"emoca"})
NEEDS_GPU: frozenset[str] = frozenset({"emoca"})
# Which can take a whole picture for the face (`FaceBackend.extract_whole`).
TAKES_WHOLE: frozenset[str] = frozenset({"emoca"})
# Whose codes `render_vis` can draw.
DRAWS_CODES: frozenset[str] = frozenset({"emoca"})
