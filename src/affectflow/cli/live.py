"""`affectflow live`: the page's server from its start to Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir

from affectflow.cli.weights import MODELS
from affectflow.config.study import Study, read_study
from affectflow.errors import InputError, UsageError
from affectflow.live.held_folder import held_folder

LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
# A browser keeps connections open; they are not waited for longer than that.
LAST_ANSWERS_S = 2
UPLOADS = "affectflow-live-"
DEFAULT_CONFIG = Path("config/config.yaml")


def serve(
    host: str, port: int, *, record: Path | None, config: Path | None, say: Callable[[str], None]
) -> None:
    """Run the page until Ctrl-C.

    Parameters
    ----------
    host, port
        Where to listen; port 0 = any free one.
    record
        Folder of recordings; None = none can be made.
    config
        Settings; None = config/config.yaml where there is one, else the defaults.
    say
        Takes lines for the user.

    Raises
    ------
    AffectflowError
        If Gradio or weights that were asked for are not there, the port is
        taken, or the settings are wrong.
    """
    # Gradio looks up the folder of its files when it is imported, and makes folders of its own there.
    with _own_uploads() as uploads:
        _serve(host, port, record=record, config=config, uploads=uploads, say=say)
    say("stopped")


def _serve(
    host: str,
    port: int,
    *,
    record: Path | None,
    config: Path | None,
    uploads: Path,
    say: Callable[[str], None],
) -> None:
    from affectflow.live.page import import_gradio

    import_gradio()
    import uvicorn

    from affectflow.live.affect import open_affect
    from affectflow.live.desk import Desk
    from affectflow.live.page import make_page, mount
    from affectflow.live.server import Requests, is_loopback, make_app, open_port

    study = _settings(config)
    _check_folder(record)
    bound = open_port(host, port)
    # uvicorn stops by itself, and raises the signal again for those around it.
    stops = suppress(KeyboardInterrupt)
    with stops, bound, _log_lines(say), _ended_like_ctrl_c():
        affect = open_affect(study, MODELS)
        requests = Requests(Desk(study, folder=record, affect=affect, uploads=uploads))
        here = is_loopback(host)
        app = make_app(requests, hosts=LOOPBACK if here else ["*"])
        network = None if affect is None else affect.name
        page = make_page(can_record=record is not None, network=network)
        app = mount(app, page, host=host, port=bound.getsockname()[1])
        for line in _greeting(host, bound.getsockname()[1], record, network, here=here):
            say(line)
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=LAST_ANSWERS_S, access_log=False)
        )
        server.run(sockets=[bound])


def _settings(config: Path | None) -> Study:
    if config is None:
        return read_study(DEFAULT_CONFIG) if DEFAULT_CONFIG.is_file() else Study()
    return read_study(config)


def _check_folder(record: Path | None) -> None:
    """Say at once that nothing can be written there, not after the first recording."""
    if record is None:
        return
    try:
        if record.exists() and not record.is_dir():
            raise UsageError(f"--record {record}: is a file. Name a folder.")
        record.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"--record {record}: cannot be made ({error.strerror}). Name another folder."
        ) from None
    if not os.access(record, os.W_OK):
        raise UsageError(f"--record {record}: there is no permission to write there. Name another folder.")


def _greeting(host: str, port: int, record: Path | None, network: str | None, *, here: bool) -> Iterator[str]:
    shown = f"[{host}]" if ":" in host else host
    if not here:
        yield (
            f"warning: --host {host}: other machines can open this page and are sent its pictures, without encryption or "
            "password; and their browsers give no camera to a page without https. Safer: ssh -L 7860:localhost:7860"
        )
        shown = "localhost" if host in {"0.0.0.0", "::"} else shown  # noqa: S104  # compared, not listened on
    yield f"valence and arousal: {network or 'a rough estimate from the expressions (no network is installed)'}"
    yield f"recordings go to {record}" if record else "nothing can be recorded (--record FOLDER)"
    yield f"open http://{shown}:{port}/ in a browser; Ctrl-C ends it"


@contextmanager
def _own_uploads() -> Iterator[Path]:
    """Have Gradio keep the files it is handed in a folder that goes when the server goes, or with the next one."""
    before = os.environ.get("GRADIO_TEMP_DIR")
    with held_folder(Path(gettempdir()), UPLOADS) as folder:
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        try:
            yield folder
        finally:
            if before is None:
                del os.environ["GRADIO_TEMP_DIR"]
            else:
                os.environ["GRADIO_TEMP_DIR"] = before


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Have a server that is told to end (kill, logout, a batch system) leave as after Ctrl-C."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    # Only the main thread is told of signals.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _log_lines(say: Callable[[str], None]) -> Iterator[None]:
    """Have what the package logs told to the user."""

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(
                record.getMessage()
                if record.levelno == logging.INFO
                else f"{record.levelname.lower()}: {record.getMessage()}"
            )

    logger, teller = logging.getLogger("affectflow"), Teller(logging.INFO)
    level = logger.level
    logger.addHandler(teller)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(teller)
        logger.setLevel(level)


def tell(line: str) -> None:
    """Write a line for the user to stderr, at once."""
    print(f"affectflow live: {line}", file=sys.stderr, flush=True)
