"""Tell the web page that a download ends in for who is not logged in from the file that was meant."""

from __future__ import annotations

from pathlib import Path

from affectflow.errors import InputError

# How web pages begin, and within how many bytes.
WEB_PAGE_BYTES = 512
_WEB_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml", b"<!--", b"<script")


def refuse_web_page(start: bytes, path: Path) -> None:
    """Refuse a file that begins as web pages do: what a download gives to who is not logged in.

    Parameters
    ----------
    start
        The file's first bytes.
    path
        For the message.

    Raises
    ------
    InputError
        If it is one.
    """
    words = start[:WEB_PAGE_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if words.startswith(_WEB_PAGES):
        raise InputError(
            f"{path}: is a web page and not the file it is named after: the download's login did not work. Log in "
            "at the project page, accept the terms, download it again, and look at its size."
        )
