"""The page in the browser, put together with Gradio."""

from __future__ import annotations

import os
from html import escape
from importlib.resources import files
from typing import Any

from affectflow.errors import MissingDependencyError

TITLE = "affectflow live"
# Gradio asks the world for newer versions and tells it that it was started, unless it is told not to beforehand.
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DISABLE_TELEMETRY": "1",
}
SYSTEM_FONTS = ["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
LARGEST_FILE = "8gb"
CALL = "(...given) => window.affectflowLive.{}(...given)"


def import_gradio() -> Any:
    """Return Gradio, which is asked to be quiet.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    os.environ.update(QUIET)
    try:
        import gradio
    except ImportError:
        raise MissingDependencyError(
            "affectflow live: the package gradio is not installed. Run: pip install 'affectflow[live]'"
        ) from None
    return gradio


def make_page(*, can_record: bool, network: str | None) -> Any:
    """Return the page as Gradio Blocks.

    Parameters
    ----------
    can_record
        Whether there is a folder to record to.
    network
        What reads valence and arousal from pixels, None for the rough estimate.
    """
    gr = import_gradio()
    said = f"{network}, from the picture" if network else "A rough estimate from the expressions"
    body = _text("page.html").replace('class="al"', f'class="al" data-network="{escape(said)}"', 1)
    body = body.replace('class="al-source">', f'class="al-source">{escape(said)}', 1)
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(f'<div class="al-head"><h1>{TITLE}</h1><span>Nothing leaves this computer</span></div>')
        with gr.Row(elem_id="al-buttons"):
            start = gr.Button("Start camera", variant="primary", elem_id="al-start")
            upload = gr.UploadButton("Open a video", file_types=["video"], elem_id="al-file")
            neutral = gr.Button("This is my neutral face", elem_id="al-neutral")
            mesh = gr.Button("Hide mesh", elem_id="al-mesh")
            gr.Textbox(
                placeholder="Name (or the time of day)",
                visible=can_record,
                show_label=False,
                container=False,
                max_lines=1,
                elem_id="al-name",
            )
            record = gr.Button("Record", interactive=can_record, elem_id="al-record")
        gr.HTML(body)
        start.click(None, js=CALL.format("startOrStop"))
        neutral.click(None, js=CALL.format("neutral"))
        mesh.click(None, js=CALL.format("mesh"))
        record.click(None, js=CALL.format("record"))
        # All of these are the browser's own: `server.KeptHere` lets nothing through to Gradio's functions.
        upload.upload(None, upload, js=CALL.format("file"))
    return page


def mount(app: Any, page: Any, *, host: str, port: int) -> Any:
    """Return the application with the page at its root."""
    gr = import_gradio()
    theme = gr.themes.Base(
        primary_hue="sky", neutral_hue="slate", radius_size="md", font=SYSTEM_FONTS, font_mono=["monospace"]
    )
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        max_file_size=LARGEST_FILE,
        theme=theme,
        css=_text("page.css"),
        head=f"<script>{_text('page.js')}</script>",
    )


def _text(name: str) -> str:
    return (files("affectflow.live") / name).read_text(encoding="utf-8")
