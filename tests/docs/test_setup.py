"""The set-up that `make` does: right Python, system libraries, stamp; and what CI runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from affectflow.cli.doctor import LIBRARIES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path) -> Path:
    """A folder with what `make env` looks at, but no package."""
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    return tmp_path


def fake(folder: Path, name: str, text: str) -> None:
    """Put a program of this name and shell text into a folder."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run a command with fakes in front of the PATH."""
    path = f"{folder / 'fakes'}{os.pathsep}{os.environ['PATH']}"
    inherited = {k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "PYTHON", "VENV"}}
    return subprocess.run(
        command, cwd=folder, env={**inherited, "PATH": path, **environment}, capture_output=True, text=True
    )


def test_help_lists_every_target(copy):
    shown = run(["make"], copy).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.M).group(1).split()
    listed = re.findall(r"^  make (\S+)", shown, flags=re.M)
    assert set(phony) - {"unit"} == set(listed)
    assert {"demo", "test", "lint", "format", "bench", "report", "clean"} <= set(listed)


def fake_python(folder: Path, version: str) -> None:
    """Put a Python into a folder that believes to be of another version."""
    claim = f"import sys; sys.version_info = tuple(map(int, '{version}'.split('.')))"
    lines = (
        f'if [ "$1" = --version ]; then echo "Python {version}"; exit; fi',
        f'exec "{sys.executable}" -c "{claim}; exec(sys.argv[1])" "$2"',
    )
    fake(folder, "oddpython", "\n".join(lines))


@pytest.mark.parametrize("version", ["2.7.18", "3.9.1", "3.13.0"])
def test_a_wrong_python_is_refused_in_one_line(copy, version):
    fake_python(copy / "fakes", version)
    done = run(["make", "env", "PYTHON=oddpython"], copy)
    assert done.returncode != 0
    assert f"needs Python 3.10, 3.11 or 3.12, this is Python {version}" in done.stderr
    assert not (copy / ".venv").exists()


@pytest.mark.parametrize("version", ["3.10.0", "3.11.2", "3.12.9"])
def test_a_right_python_is_taken(copy, version):
    fake_python(copy / "fakes", version)
    fake(copy / "fakes", "ldconfig", "echo nothing")
    fake(copy / "fakes", "id", "echo 1000")
    done = run(["make", "env", "PYTHON=oddpython"], copy)
    assert "missing system packages" in done.stderr  # the step after the choice of Python


def test_no_python_at_all_is_said(copy):
    for name in ("python3", "python3.10", "python3.11", "python3.12"):
        fake(copy / "fakes", name, "exit 1")
    done = run(["make", "env"], copy)
    assert done.returncode != 0
    assert "Python 3.10, 3.11 or 3.12 not found" in done.stderr


def test_missing_libraries_are_named_and_nothing_is_done_without_root(copy):
    fake(copy / "fakes", "ldconfig", "echo libGL.so.1")
    fake(copy / "fakes", "id", "echo 1000")
    fake(copy / "fakes", "apt-get", f"echo called >> {copy}/calls")
    done = run(["make", "env"], copy)
    assert done.returncode != 0
    command = re.search(r"sudo sh -c '(.*)'", done.stderr).group(1)
    assert command.startswith("apt-get update && apt-get install -y --no-install-recommends ")
    assert {"libusb-1.0-0", "libegl1", "libx11-6", "libudev1", "libidn2-0", "libglib2.0-0"} <= set(
        command.split()
    )
    assert "libgl1" not in command.split()
    assert not (copy / "calls").exists()
    assert not (copy / ".venv").exists()


def test_missing_libraries_are_installed_by_root(copy):
    fake(copy / "fakes", "ldconfig", "echo nothing")
    fake(copy / "fakes", "id", "echo 0")
    fake(copy / "fakes", "apt-get", f'echo "$@" >> {copy}/calls')
    done = run(["sh", "tools/system_packages.sh"], copy)
    assert done.returncode == 0, done.stderr
    update, install = (copy / "calls").read_text().splitlines()
    assert update.startswith("update")
    assert {"libusb-1.0-0", "libegl1", "libgl1"} <= set(install.split())


def test_nothing_is_installed_where_nothing_is_missing(copy):
    sonames = re.findall(r"^(lib\S+\.so\S*) lib", (ROOT / "tools/system_packages.sh").read_text(), flags=re.M)
    fake(copy / "fakes", "ldconfig", "\n".join(f"echo '{s} (libc6,x86-64) => /lib/{s}'" for s in sonames))
    fake(copy / "fakes", "apt-get", f"echo called >> {copy}/calls")
    assert run(["sh", "tools/system_packages.sh"], copy).returncode == 0
    assert not (copy / "calls").exists()


@pytest.mark.parametrize(
    ("user", "there", "called"), [("0", False, True), ("1000", False, False), ("0", True, False)]
)
def test_the_tests_browser_is_installed_by_root_where_it_is_missing(copy, user, there, called):
    fake(copy / "fakes", "id", f"echo {user}")
    fake(copy / "fakes", "apt-get", f'echo "$@" >> {copy}/calls')
    if there:
        fake(copy / "fakes", "chromium", "true")
    # A PATH with nothing but the fakes and what the script itself needs.
    for name in ("sh", "echo"):
        (copy / "fakes" / name).symlink_to(shutil.which(name))
    done = subprocess.run(
        ["sh", "tools/test_packages.sh"],
        cwd=copy,
        env={"PATH": str(copy / "fakes")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    calls = (copy / "calls").read_text() if called else ""
    assert (copy / "calls").exists() == called
    assert ("install" in calls and "chromium" in calls) == called
    assert ("are skipped" in done.stderr) == (not there and not called)


def test_no_network_for_the_browser_stops_no_tests(copy):
    fake(copy / "fakes", "id", "echo 0")
    fake(copy / "fakes", "apt-get", "exit 100")
    (copy / "fakes" / "sh").symlink_to(shutil.which("sh"))
    done = subprocess.run(
        ["sh", "tools/test_packages.sh"],
        cwd=copy,
        env={"PATH": str(copy / "fakes")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "are skipped" in done.stderr) == (0, True)


def test_doctor_and_set_up_agree_on_the_libraries():
    script = (ROOT / "tools/system_packages.sh").read_text()
    packages = {row.split()[1] for row in re.findall(r"^lib\S+\.so\S* lib\S+$", script, flags=re.M)}
    assert packages == set(LIBRARIES.values())


def test_a_made_environment_is_not_made_again(copy):
    def would_run() -> str:
        return run(["make", "-n", "env"], copy).stdout

    assert "make_env.sh" in would_run()
    stamp = copy / ".venv" / ".installed"
    stamp.parent.mkdir()
    stamp.touch()
    assert "make_env.sh" not in would_run()
    later = stamp.stat().st_mtime + 5
    os.utime(copy / "constraints.txt", (later, later))
    assert "make_env.sh" in would_run()


@pytest.mark.parametrize(("recipe", "code"), [("true", 0), ("exit 5", 2)])
def test_ci_fails_exactly_when_the_tests_fail(tmp_path, recipe, code):
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text(f'test:\n\t@test "$$CI" = true && {recipe}\n')
    assert run([str(tmp_path / ".ci" / "run")], tmp_path).returncode == code


def test_constraints_pin_every_line():
    lines = [x for x in (ROOT / "constraints.txt").read_text().splitlines() if x and not x.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)
    names = [re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines]
    assert len(names) == len(set(names))
    assert not any("nvidia" in n or n in {"torchvision", "timm"} for n in names)


@pytest.mark.parametrize("name", ["cpu", "cuda"])
def test_containers_copy_only_what_is_there(name):
    text = (ROOT / "containers" / f"{name}.Dockerfile").read_text()
    assert "-c constraints.txt" in text
    assert "tools/system_packages.sh" in text
    for line in re.findall(r"^COPY (.*)$", text, flags=re.M):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
