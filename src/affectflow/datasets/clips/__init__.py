"""Data sets of short labelled clips: what each calls its emotions, where its clips lie, and its own folds."""

# Name for `affectflow manifest NAME DIR` → function(folder, pattern=, table=) that returns the rows of a sheet.
CLIP_MANIFESTS = {
    "clips": "affectflow.datasets.clips.csv_list:list_clips",
    "dfew": "affectflow.datasets.clips.in_the_wild:list_dfew",
    "ferv39k": "affectflow.datasets.clips.in_the_wild:list_ferv39k",
    "mafw": "affectflow.datasets.clips.in_the_wild:list_mafw",
    "ravdess": "affectflow.datasets.clips.acted:list_ravdess",
    "crema_d": "affectflow.datasets.clips.acted:list_crema_d",
    "sheets": "affectflow.datasets.clips.merged:list_sheets",
}
