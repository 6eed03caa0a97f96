#!/bin/sh
# Make sure that the system libraries which Open3D and OpenCV load are there.
# Missing ones are installed through apt-get when the caller is root (as in a container);
# otherwise the exact command is printed and nothing happens. Called by tools/make_env.sh.
#
#   tools/system_packages.sh [PYTHON]     PYTHON also needs its venv module (Debian packs it apart)
set -eu
export PATH="$PATH:/usr/sbin:/sbin"

# library that is loaded -> Debian package that holds it
libraries="
libusb-1.0.so.0 libusb-1.0-0
libEGL.so.1 libegl1
libGL.so.1 libgl1
libX11.so.6 libx11-6
libudev.so.1 libudev1
libidn2.so.0 libidn2-0
libglib-2.0.so.0 libglib2.0-0
"

if [ "$(uname -s)" != Linux ] || ! command -v ldconfig >/dev/null; then
    echo "system libraries: cannot be checked here (no ldconfig); see docs/troubleshooting.md" >&2
    exit 0
fi

known=$(ldconfig -p)
missing=$(echo "$libraries" | while read -r library package; do
    [ -n "$library" ] || continue
    # No pipe into grep -q: it would end ldconfig's output early.
    case "$known" in *"$library"*) ;; *) printf '%s ' "$package" ;; esac
done)
if [ $# -gt 0 ] && ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    missing="$missing$(basename "$1" | sed 's/^python3$/python3/')-venv "
fi
[ -n "$missing" ] || exit 0

command="apt-get update && apt-get install -y --no-install-recommends ${missing% }"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing missing system packages: $missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null
    # shellcheck disable=SC2086  # a list of words
    apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends $missing >/dev/null
else
    echo "missing system packages: $missing" >&2
    echo "install them, then call make again:" >&2
    echo "    sudo sh -c '$command'" >&2
    exit 1
fi
