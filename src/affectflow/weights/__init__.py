"""Networks that users bring: which files, where from, under which licence, and their safe conversion.

Official files are pickles of one kind or another. They are read once, with an
unpickler that can build arrays and nothing else, and written as one safetensors
file with a manifest; every later run reads only that.

To add one: a file with a `base.Source`, and a line in `WEIGHTS`. Its name is
the folder below resources/models/. The registry is read while the workflow is
parsed, so these files import nothing heavy at their top.
"""

WEIGHTS: dict[str, str] = {
    "emoca": "affectflow.weights.emoca:EMOCA",
    "emonet": "affectflow.weights.emonet:EMONET",
    "resnet_au": "affectflow.weights.resnet_au:RESNET_AU",
    "resnet50": "affectflow.weights.resnet50:RESNET50",
    "physnet": "affectflow.weights.toolbox:PHYSNET",
    "deepphys": "affectflow.weights.toolbox:DEEPPHYS",
    "tscan": "affectflow.weights.toolbox:TSCAN",
}
