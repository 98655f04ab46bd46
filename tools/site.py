"""Build the documentation into site/, English in its root and Mongolian under mn/, and check it.

python tools/site.py [--into FOLDER]

A warning of the builder is an error; so are a page that the navigation does not name, a link or an
anchor that leads nowhere, and anything that a page would fetch from another host.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from project_address import ROOT
from site_extras import add_feet, write_llms
from site_links import faults, switch_languages
from site_pages import LANGUAGES, configuration, lay_out

COLOUR = re.compile("\x1b\\[[0-9;]*m")


def main() -> None:
    """Build where the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=Path, default=ROOT / "site", metavar="FOLDER")
    site: Path = parser.parse_args().into
    with tempfile.TemporaryDirectory() as stage:
        build(Path(stage), site)
    switch_languages(site)
    add_feet(site)
    settings = configuration("en")
    write_llms(site, settings["nav"], settings["site_description"])
    if wrong := faults(site):
        sys.exit("\n".join(wrong))
    count = sum(1 for _ in site.rglob("*.html"))
    print(f"{count} pages in {site}: no warning, every link leads somewhere, nothing is fetched.")


def build(stage: Path, site: Path) -> None:
    """Lay both languages out, build them, and put them together."""
    configs = {language: lay_out(language, stage / language) for language in LANGUAGES}
    shutil.rmtree(site, ignore_errors=True)
    for language, config in configs.items():
        builder = ["build", "--strict", "--config-file", str(config)]
        built = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "zensical", *builder],
            capture_output=True,
            text=True,
            check=False,
        )
        said = COLOUR.sub("", built.stdout + built.stderr.partition("Traceback")[0])
        if built.returncode or "warning" in said.lower():
            sys.exit(f"{said}\nThe pages in {language} were not built without a warning.")
        root = site if language == "en" else site / language
        # A server shows the 404 page of its root alone.
        ignored = shutil.ignore_patterns("404.html" if language != "en" else "")
        shutil.copytree(config.parent / "out", root, ignore=ignored)


if __name__ == "__main__":
    main()
