"""Where known data sets keep their files, and the simulated study; each yields rows of the sheet."""

# Name in the sheet's signals_format column → function(path) that reads a recording's
# file or folder into a `signal.raw.RawRecording`.
SIGNAL_FORMATS = {
    "csv": "affectflow.datasets.csv_signals:read_csv_signals",
}

# Name for `affectflow manifest NAME DIR` → function(folder, ...) that returns the rows of a sheet.
MANIFESTS = {
    "folder": "affectflow.datasets.folder:list_folder",
}
