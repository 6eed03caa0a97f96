"""Labelled still pictures: what is in a data set, its splits, networks fine-tuned on it, and what they are worth.

To add a network: a file with a class derived from `picture_model.PictureModel`, and
a line in `PICTURE_MODELS` and `MODEL_SETTINGS`. Its name is also that of its official weights
(`affectflow.weights.WEIGHTS`) and stands in the paths of its results.
"""

PICTURE_MODELS: dict[str, str] = {
    "emonet": "affectflow.pictures.emonet_model:EmoNetModel",
    "resnet50": "affectflow.pictures.resnet50_model:ResNet50Model",
}
# Which settings of `pictures` each of them reads; a change of others does not train it anew.
MODEL_SETTINGS: dict[str, tuple[str, ...]] = {
    "emonet": ("expression_weight", "flip", "loss"),
    "resnet50": ("dropout", "emotion_weight", "flip", "imbalance", "loss", "resnet50_px"),
}
# Those that tell several emotions of a picture at once (EMOTIC).
TELL_EMOTIONS = ("resnet50",)
