"""Where known data sets keep their files, and the simulated study; each yields rows of the sheet."""

# Name in the sheet's signals_format column → function(path) that reads a recording's
# file or folder into a `signal.raw.RawRecording`.
SIGNAL_FORMATS = {
    "csv": "affectflow.datasets.csv_signals:read_csv_signals",
}

# Name in the sheet's codes_format column → class that knows the files of one recording's codes
# (`files`) and reads them (`read`); see `import_codes`.
CODE_FORMATS = {
    "emoca_csv": "affectflow.datasets.emoca_csv:EmocaCsv",
    "emoca_csv_from_0": "affectflow.datasets.emoca_csv:EmocaCsvFrom0",
}

# Name in the sheet's events_format column → function(path) that reads the phases of a recording into a
# table `schema.EVENTS_SCHEMA`, in order of time; a duration of null runs to the next phase or the end.
EVENT_FORMATS = {
    "bids": "affectflow.features.events:read_events",
}

# Name for `affectflow manifest NAME DIR` → function(folder, ...) that returns the rows of a sheet.
MANIFESTS = {
    "folder": "affectflow.datasets.folder:list_folder",
}

# Name for `affectflow simulate NAME DIR` → function(folder, people=, seconds=, seed=) that writes a miniature
# of the data set in its exact layout, with a designed effect and the truth beside it.
SIMULATORS: dict[str, str] = {}
