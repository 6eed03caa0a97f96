"""Where data sets of labelled still pictures keep their labels; each lists them as rows of one table.

To add one: a file with a function, and a line in both tables here.
"""

# Name in `pictures.sources.<name>.format` → function(folder) that returns `rows.LISTED`, a row per picture.
PICTURE_FORMATS = {
    "emodataset": "affectflow.datasets.pictures.emodataset:list_emodataset",
    "affectnet": "affectflow.datasets.pictures.affectnet:list_affectnet",
    "affectnet_npy": "affectflow.datasets.pictures.affectnet_npy:list_affectnet_npy",
    "emotic": "affectflow.datasets.pictures.emotic:list_emotic",
}

# The files whose change makes the labels others, as patterns below the folder; the workflow watches them.
LABEL_FILES = {
    "emodataset": ("*_labels.csv", "*/*_labels.csv"),
    "affectnet": ("training.csv", "validation.csv", "*/training.csv", "*/validation.csv"),
    "affectnet_npy": ("*/annotations",),
    "emotic": ("annots_arrs/annot_arrs_*.csv", "*/annots_arrs/annot_arrs_*.csv"),
}
