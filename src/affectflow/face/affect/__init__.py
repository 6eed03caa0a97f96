"""Valence, arousal and expression of faces: estimators, one file each.

To add one: a file with a class derived from `base.AffectBackend`, a line in
`AFFECT`, and its needs below. The needs stand here a second time because the
workflow asks for them while it is parsed, before torch may be imported; the
contract tests keep both in step.
"""

AFFECT: dict[str, str] = {
    "emonet": "affectflow.face.affect.emonet_backend:EmoNetBackend",
    "from_expressions": "affectflow.face.affect.expressions_backend:ExpressionsBackend",
}
# The others read the recording's expressions instead of faces and frames.
NEEDS_VIDEO: frozenset[str] = frozenset({"emonet"})
NEEDS_GPU: frozenset[str] = frozenset({"emonet"})
