"""The version of what each stage computes.

Snakemake does not see changes inside an installed package. Each rule therefore
passes ``version=STAGE_VERSIONS[rule]`` as a parameter: raising a number here
re-runs that stage and what follows it, and nothing else. Raise it when results
change, not for a faster loop or a better docstring.
"""

from __future__ import annotations

STAGE_VERSIONS: dict[str, int] = {
    "simulate_recording": 1,
    "probe_video": 1,
    "transcode_video": 1,
    "track_faces": 1,
    "convert_weights": 1,
    "try_faces": 1,
    "check_batch": 2,
    "extract_batch": 1,
    "extract_codes": 2,
    "extract_units": 1,
    "map_expressions": 1,
    "import_codes": 1,
    "extract_affect": 2,
    "export_csv": 1,
    "clean_signals": 2,
    "extract_rppg": 1,
    "align_clock": 1,
    "join_frames": 2,
    "preprocess_frames": 5,
    "compare_smoothing": 1,
    "check_quality": 2,
    "make_windows": 4,
    "summarise_phases": 2,
    "summarise_quality": 3,
    "run_analysis": 7,
    "check_recovery": 2,
    "grid_frames": 2,
    "label_windows": 2,
    "split_subjects": 3,
    "train_model": 7,
    "evaluate_models": 5,
    "describe_model": 3,
    "explain_model": 3,
    "plot_explanations": 1,
    "audit_models": 6,
    "plot_analysis": 4,
    "plot_expressions": 1,
    "render_expressions": 1,
    "plot_affect": 1,
    "quality_page": 2,
    "describe_methods": 5,
    "render_overlay": 1,
    "render_vis": 2,
    "contact_sheet": 2,
    "index_pictures": 1,
    "split_pictures": 1,
    "train_pictures": 1,
    "evaluate_pictures": 1,
    "measure_visibility": 1,
    "plot_visibility": 1,
}
