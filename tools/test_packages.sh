#!/bin/sh
# The browser that the live page is tested in. Installed through apt-get when the caller is root (as in CI);
# otherwise the command is printed. Nothing else needs it: without it those tests are skipped, and say so.
set -eu
for browser in chromium chromium-browser google-chrome; do
    if command -v "$browser" >/dev/null; then
        exit 0
    fi
done
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing chromium, for the tests of the live page"
    export DEBIAN_FRONTEND=noninteractive
    if apt-get update -qq >/dev/null && apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends chromium >/dev/null; then
        exit 0
    fi
fi
echo "no chromium here: the tests of the live page are skipped (sudo apt-get install chromium)" >&2
