"""The command line: `affectflow manifest`, `simulate`, `convert-weights`, `doctor`, `schema`, `summary`, `predict`, `audit`, `verify`, `provenance`, `live`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from affectflow.errors import AffectflowError
from affectflow.io.disk_errors import disk_trouble

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Face videos and biosignals to features, statistics, figures and models. "
    "The work itself is run by snakemake; these commands prepare and inspect it.",
)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Print the version when asked."""
    if show:
        from affectflow import __version__

        typer.echo(f"affectflow {__version__}")
        raise typer.Exit


@app.command()
def manifest(
    dataset: Annotated[str, typer.Argument(help="Name of a data set; `folder` for any folder of videos.")],
    folder: Annotated[Path, typer.Argument(help="Where its files lie.")],
    pattern: Annotated[
        str | None, typer.Option(help="How file names are made up, such as {subject_id}_{condition}.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Text table with a column `file` and columns of the sheet.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Sheet to write; without it, it is printed.")] = None,
    force: Annotated[bool, typer.Option(help="Replace an existing sheet.")] = False,
) -> None:
    """Make the sheet of recordings of a data set."""
    from affectflow.config.sheet import write_sheet
    from affectflow.datasets import MANIFESTS
    from affectflow.errors import UsageError
    from affectflow.io.files import write_text
    from affectflow.registry import load

    list_recordings = load(MANIFESTS, dataset, "data set")
    recordings = list_recordings(folder, pattern=pattern, table=table)
    if output is None:
        sys.stdout.write(write_sheet(recordings))
    elif output.exists() and not force:
        raise UsageError(
            f"{output}: exists, and may hold work of yours. Write another file and copy the new rows, or give --force."
        )
    else:
        write_text(write_sheet(recordings), output)
    people = len({r.subject_id for r in recordings})
    conditions = sorted({r.condition or "(none)" for r in recordings})
    typer.echo(
        f"{len(recordings)} recordings of {people} people; conditions: {', '.join(conditions)}", err=True
    )


@app.command()
def simulate(
    dataset: Annotated[str, typer.Argument(help="Name of a data set that can be simulated.")],
    folder: Annotated[Path, typer.Argument(help="Where to write it; made when it is not there.")],
    people: Annotated[
        int | None, typer.Option(min=1, max=60, help="How many people; 2, of labelled clips 10.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=10, max=3600, help="Length of each recording.")] = 20.0,
    pictures: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help="Of still pictures or labelled clips: how many of each person; 12 pictures, 7 clips.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="All random numbers derive from it.")] = 1,
    force: Annotated[bool, typer.Option(help="Write into a folder that holds files already.")] = False,
) -> None:
    """Write a miniature of a data set in its exact layout, with a known effect, to see the workflow run."""
    from affectflow.datasets import (
        CLIP_SIMULATORS,
        LISTED_BY,
        PICTURE_SIMULATORS,
        PICTURES_SAID,
        SIMULATORS,
    )
    from affectflow.errors import UsageError
    from affectflow.registry import load

    write = load({**SIMULATORS, **PICTURE_SIMULATORS, **CLIP_SIMULATORS}, dataset, "simulated data set")
    people = people or (10 if dataset in CLIP_SIMULATORS else 2)
    if folder.is_file():
        raise UsageError(f"{folder}: is a file. Name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise UsageError(f"{folder}: is not empty. Name a new folder, or give --force to write into it.")
    if dataset in PICTURE_SIMULATORS:
        pictures = pictures or 12
        write(folder, people=people, each=pictures, seed=seed)
        source = f"{{format: {dataset}, folder: {folder}{PICTURES_SAID.get(dataset, '')}}}"
        typer.echo(
            f"{folder}: simulated {dataset}, {pictures} pictures of each of {people} people. Next, in the settings: "
            f"pictures: {{sources: {{stills: {source}}}}}",
            err=True,
        )
        return
    made = f"{people} people"
    if dataset in CLIP_SIMULATORS:
        # Not of how many people: a plain list of clips does not say who is seen.
        made = f"{people * (pictures or 7)} clips"
        write(folder, people=people, each=pictures or 7, seed=seed)
    else:
        write(folder, people=people, seconds=seconds, seed=seed)
    manifest, pattern = LISTED_BY.get(dataset, (dataset, ""))
    following = [
        "affectflow",
        "manifest",
        manifest,
        str(folder),
        *(["--pattern", pattern] if pattern else []),
    ]
    typer.echo(
        f"{folder}: simulated {dataset} of {made}. Next: {shlex.join(following)}",
        err=True,
    )


@app.command("convert-weights")
def convert(
    name: Annotated[str, typer.Argument(help="A backend whose weights you bring, such as emoca.")],
    folder: Annotated[
        Path | None, typer.Option(help="Where its official files lie; resources/models/<name> without it.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Convert again although nothing has changed.")] = False,
) -> None:
    """Turn official files of weights, which you get from their authors, into one file that is safe to read."""
    from affectflow.cli.weights import MODELS, report
    from affectflow.registry import load
    from affectflow.weights import WEIGHTS
    from affectflow.weights.convert_weights import convert_weights

    source = load(WEIGHTS, name, "weights")
    folder = folder or MODELS / name
    for line in report(source, folder, convert_weights(name, folder, force=force)):
        typer.echo(line)


@app.command()
def doctor(
    config: Annotated[Path, typer.Option("--config", "--configfile", help="Configuration to check.")] = Path(
        "config/config.yaml"
    ),
) -> None:
    """Tell what is installed, whether the configuration and the sheet are right, and what each backend needs."""
    from affectflow.cli.doctor import diagnose

    findings = diagnose(config)
    for finding in findings:
        typer.echo(
            f"{'ok  ' if finding.ok else 'MEND' if finding.needed else 'none'}  {finding.what}: {finding.state}"
        )
    if any(f.needed and not f.ok for f in findings):
        raise typer.Exit(1)


@app.command()
def schema(
    table: Annotated[str | None, typer.Argument(help="A kind of table; none lists them.")] = None,
) -> None:
    """Print the tables of the workflow and what their columns mean."""
    from affectflow.errors import UsageError, did_you_mean
    from affectflow.schema import TABLES

    if table is None:
        for kind in TABLES.values():
            typer.echo(f"{kind.name:18} {kind.meaning}")
        return
    if table not in TABLES:
        raise UsageError(
            f"{table!r} is not a kind of table.{did_you_mean(table, TABLES)} There are: {', '.join(TABLES)}."
        )
    kind = TABLES[table]
    typer.echo(f"{kind.name}: {kind.meaning}\nkey: {', '.join(kind.key)}\n")
    for column in kind.columns:
        typer.echo(f"{column.name:20} {column.dtype!s:28} {column.unit:4} {column.meaning}")
    if kind.extra:
        typer.echo(f"and any column whose name fits {kind.extra}")


@app.command()
def summary(
    config: Annotated[
        Path, typer.Option("--config", "--configfile", help="Configuration of the study.")
    ] = Path("config/config.yaml"),
) -> None:
    """Print what a finished study found and where its report, figures and videos lie."""
    from affectflow.cli.summary import summarise_study

    typer.echo(summarise_study(config))


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="Folder of a final model, or the weights.safetensors in it.")],
    recordings: Annotated[
        list[str],
        typer.Argument(
            help="Recordings of the study, or their features tables. A model that needs a person's other "
            "recordings takes them beside it."
        ),
    ],
    config: Annotated[
        Path, typer.Option("--config", "--configfile", help="Configuration of the recordings' study.")
    ] = Path("config/config.yaml"),
    out: Annotated[Path, typer.Option(help="Folder of the tables and figures.")] = Path(
        "results/predictions"
    ),
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Take columns that a recording lacks as not measured.")
    ] = False,
) -> None:
    """Apply a trained model to a new recording: its score over time."""
    from affectflow.cli.predict import predict_recordings

    lines = predict_recordings(model, recordings, config=config, out=out, allow_missing=allow_missing)
    for line, warning in lines:
        typer.echo(f"affectflow: warning: {line}" if warning else line, err=warning)


@app.command()
def audit(
    config: Annotated[
        Path, typer.Option("--config", "--configfile", help="Configuration of the study.")
    ] = Path("config/config.yaml"),
) -> None:
    """Look for leaks in a trained study; leaves with 1 when there are any."""
    from affectflow.cli.audit import audit_lines, audit_study

    table = audit_study(config)
    for line in audit_lines(table):
        typer.echo(line)
    if (table["verdict"] == "found").any():
        raise typer.Exit(1)


@app.command()
def verify(
    config: Annotated[
        Path, typer.Option("--config", "--configfile", help="Configuration of the study.")
    ] = Path("config/config.yaml"),
) -> None:
    """Compare all results with what their jobs recorded; leaves with 1 when one is changed, missing or stale."""
    from affectflow.cli.verify import verify_study

    lines, good = verify_study(config)
    for line in lines:
        typer.echo(line)
    if not good:
        raise typer.Exit(1)


@app.command()
def provenance(
    file: Annotated[Path, typer.Argument(help="A result of a study.")],
    whole: Annotated[bool, typer.Option("--all", help="Show all inputs, not a few of each stage.")] = False,
) -> None:
    """Print what a result was made of, by which stages, and so on back to the source video."""
    from rich.console import Console

    from affectflow.cli.provenance import trace

    # Paths stay whole, however narrow the terminal is.
    Console(soft_wrap=True, markup=False, highlight=False).print(trace(file, whole=whole))


@app.command()
def live(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's own warn.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 7860,
    record: Annotated[
        Path | None, typer.Option(help="Folder that recordings go to; without it none can be made.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "--configfile", help="Settings; config/config.yaml, or the defaults without one."
        ),
    ] = None,
) -> None:
    """Watch a face in the browser, from a camera or a video: landmarks, action units, expression, valence and arousal."""
    from affectflow.cli.live import serve, tell

    serve(host, port, record=record, config=config, say=tell)


def main() -> None:
    """Run the command line; a user's mistake or a full disk is one line on stderr, without a traceback."""
    try:
        app()
    except AffectflowError as error:
        print(f"affectflow: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of a pipe, such as `head`, has seen enough.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if (line := disk_trouble(error, "the output")) is None:
            raise
        print(f"affectflow: {line}", file=sys.stderr)
        sys.exit(1)
