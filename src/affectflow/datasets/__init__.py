"""Where known data sets keep their files, and the simulated study; each yields rows of the sheet."""

from affectflow.datasets.clips import CLIP_MANIFESTS

# Name in the sheet's signals_format column → function(path) that reads a recording's
# file or folder into a `signal.raw.RawRecording`.
SIGNAL_FORMATS = {
    "csv": "affectflow.datasets.csv_signals:read_csv_signals",
    "empatica_e4": "affectflow.datasets.empatica_e4.signals:read_empatica_e4",
    "ubfc_phys": "affectflow.datasets.ubfc_phys.signals:read_ubfc_phys",
    "edf": "affectflow.datasets.edf_signals:read_edf_signals",
    # The driving-stress study: a drive's folder of workbooks, with the authors' quality rules or without;
    # in its R-friendly form one file holds all drives of a person, and the format names the drive.
    "taamneh": "affectflow.datasets.taamneh.signals:read_taamneh",
    "taamneh_unscreened": "affectflow.datasets.taamneh.signals:read_taamneh_unscreened",
    **{
        f"taamneh_r_{drive}": f"affectflow.datasets.taamneh.r_friendly:read_{drive}"
        for drive in ("bl", "pd", "rd", "nd", "cd", "ed", "md", "fd")
    },
}

# Name in the sheet's codes_format column → class that knows the files of one recording's codes
# (`files`) and reads them (`read`); see `import_codes`.
CODE_FORMATS = {
    "emoca_csv": "affectflow.datasets.codes.emoca_csv:EmocaCsv",
    "emoca_csv_from_0": "affectflow.datasets.codes.emoca_csv:EmocaCsvFrom0",
    "pyfeat": "affectflow.datasets.codes.pyfeat:PyfeatCsv",
    "openface": "affectflow.datasets.codes.openface:OpenfaceCsv",
}

# Name in the sheet's events_format column → function(path) that reads the phases of a recording into a
# table `schema.EVENTS_SCHEMA`, in order of time; a duration of null runs to the next phase or the end.
EVENT_FORMATS = {
    "bids": "affectflow.features.events:read_events",
    "e4_tags": "affectflow.datasets.empatica_e4.tags:read_tags",
    "edf": "affectflow.datasets.edf_signals:read_edf_events",
    "taamneh_stm": "affectflow.datasets.taamneh.phases:read_stm",
    "taamneh_stm_control": "affectflow.datasets.taamneh.phases:read_stm_control",
    **{
        f"taamneh_r_{drive}": f"affectflow.datasets.taamneh.r_friendly:events_{drive}"
        for drive in ("cd", "ed", "md", "fd", "control")
    },
}

# Those of them whose times count from a device's start, not from the video's first frame → function(path)
# that returns when that was, Unix seconds; the sheet's video_start puts them onto the video's clock.
EVENT_STARTS = {
    "e4_tags": "affectflow.datasets.empatica_e4.tags:session_start",
}

# Name for `affectflow manifest NAME DIR` → function(folder, ...) that returns the rows of a sheet.
MANIFESTS = {
    "folder": "affectflow.datasets.folder:list_folder",
    "taamneh": "affectflow.datasets.taamneh.manifest:list_taamneh",
    "ubfc_phys": "affectflow.datasets.ubfc_phys.manifest:list_ubfc_phys",
    "empatica_e4": "affectflow.datasets.empatica_e4.manifest:list_empatica_e4",
    **CLIP_MANIFESTS,
}

# Name for `affectflow simulate NAME DIR` → function(folder, people=, seconds=, seed=) that writes a miniature
# of the data set in its exact layout, with a designed effect and the truth beside it.
SIMULATORS = {
    "taamneh": "affectflow.datasets.simulated.taamneh:simulate_taamneh",
    "ubfc_phys": "affectflow.datasets.simulated.ubfc_phys:simulate_ubfc_phys",
    "empatica_e4": "affectflow.datasets.simulated.empatica_e4:simulate_empatica_e4",
    "folder": "affectflow.datasets.simulated.folder:simulate_folder",
    "openface": "affectflow.datasets.simulated.codes:simulate_openface",
    "pyfeat": "affectflow.datasets.simulated.codes:simulate_pyfeat",
}

# The same for data sets of labelled still pictures (`datasets.pictures`): function(folder, people=, each=, seed=), and how
# `pictures.sources` has to name what it wrote, beside format and folder.
PICTURE_SIMULATORS = {
    "emodataset": "affectflow.datasets.simulated.pictures:simulate_emodataset",
    "affectnet": "affectflow.datasets.simulated.pictures:simulate_affectnet",
    "affectnet_npy": "affectflow.datasets.simulated.pictures:simulate_affectnet_npy",
    "emotic": "affectflow.datasets.simulated.emotic:simulate_emotic",
}
PICTURES_SAID = {
    "emodataset": ", person: '(P[0-9]+)_', arousal_range: [0, 1]",
    "affectnet": ", person: '/(P[0-9]+)/'",
}

# The same for data sets of labelled clips: function(folder, people=, each=, seed=), each = clips of each person.
CLIP_SIMULATORS = {
    "dfew": "affectflow.datasets.simulated.clips:simulate_dfew",
    "clips": "affectflow.datasets.simulated.clips:simulate_clips",
}

# Which manifest lists what a simulator wrote, where it has not the simulator's own name or needs a pattern.
LISTED_BY = {
    "empatica_e4": ("empatica_e4", "{subject_id}/{condition}"),
    **dict.fromkeys(("folder", "openface", "pyfeat"), ("folder", "{subject_id}_{condition}")),
}
