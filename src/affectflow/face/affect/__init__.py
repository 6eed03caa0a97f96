"""Valence, arousal and expression of faces, straight from pixels: estimators, one file each.

To add one: a file with a class derived from `base.AffectBackend`, and a line in
`AFFECT`. All of them look at pixels and ask for a GPU.
"""

AFFECT: dict[str, str] = {
    "emonet": "affectflow.face.affect.emonet_backend:EmoNetBackend",
}
