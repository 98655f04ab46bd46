"""Build the documentation into site/, English in its root and Mongolian under mn/, and check it.

python tools/site.py

A warning of the builder is an error; so are a page that the navigation does not name, a link or an
anchor that leads nowhere, and anything that a page would fetch from another host.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from site_links import faults, switch_languages
from site_pages import LANGUAGES, ROOT, STAGE, lay_out

SITE = ROOT / "site"


def main() -> None:
    """Lay out, build, put together, check."""
    configs = {language: lay_out(language) for language in LANGUAGES}
    for language, config in configs.items():
        builder = [
            sys.executable,
            "-m",
            "zensical",
            "build",
            "--strict",
            "--config-file",
            str(config),
        ]
        built = subprocess.run(  # noqa: S603
            builder, capture_output=True, text=True, check=False
        )
        said = built.stdout + built.stderr
        if built.returncode or "warning" in said.lower():
            sys.exit(f"{said}\nThe pages in {language} were not built without a warning.")
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(STAGE / "en" / "out", SITE)
    # A server shows the 404 page of the root.
    shutil.copytree(STAGE / "mn" / "out", SITE / "mn", ignore=shutil.ignore_patterns("404.html"))
    switch_languages(SITE)
    if wrong := faults(SITE):
        sys.exit("\n".join(wrong))
    count = sum(1 for _ in SITE.rglob("*.html"))
    print(f"{count} pages in site/: no warning, every link leads somewhere, nothing is fetched.")


if __name__ == "__main__":
    main()
