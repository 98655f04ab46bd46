"""A project as `django-admin startproject` makes it, with what docs/django.md adds."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

from docs.blocks import blocks

PAGE = "docs/django.md"
ADDED_TO = ["mysite/settings.py", "mysite/urls.py"]


class Project:
    """A fresh project.

    Args:
        folder: Where it is made.
        settings: What is appended to its settings, beyond what the page says.
        files: Further files, by their name in the project.
    """

    def __init__(
        self, folder: Path, settings: str = "", files: dict[str, str] | None = None
    ) -> None:
        self.folder = folder / "mysite"
        _run(folder, {}, "-m", "django", "startproject", "mysite")
        self.manage("startapp", "shop")
        before = self._lines()
        code = [block for block in blocks(PAGE) if block.language == "python"]
        additions = [block.text for block in code if block.not_run]
        for name, text in zip(ADDED_TO, additions, strict=True):
            path = self.folder / name
            path.write_text(f"{path.read_text()}\n{text}")
        for block in code:
            if block.file:
                # The first line names the file: it is the page's, not the shop's.
                (self.folder / block.file).write_text(block.text.partition("\n")[2])
        self.added = _added(before, self._lines())
        for name, text in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        path = self.folder / "mysite" / "settings.py"
        path.write_text(f"{path.read_text()}\n{settings}")
        self.manage("makemigrations", "shop")

    def manage(self, *command: str, **variables: str) -> str:
        return _run(self.folder, variables, "manage.py", *command)

    def script(self, text: str, ends: int = 0, **variables: str) -> str:
        """Run Python in the project, set up."""
        begin = "import django; django.setup()\n"
        variables["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
        return _run(self.folder, variables, "-c", begin + text, ends=ends)

    def _lines(self) -> dict[str, list[str]]:
        names = [*ADDED_TO, "shop/models.py", "shop/views.py"]
        return {name: (self.folder / name).read_text().splitlines() for name in names}


def _added(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    changes = [
        line
        for name in before
        for line in difflib.ndiff(before[name], after[name])
        if line.startswith("+ ")
    ]
    return [line.removeprefix("+ ") for line in changes if line.removeprefix("+ ").strip()]


def environment(**variables: str) -> dict[str, str]:
    clean = {name: v for name, v in os.environ.items() if not name.startswith("QPAY_")}
    clean.pop("DJANGO_SETTINGS_MODULE", None)
    return {**clean, **variables}


def _run(folder: Path, variables: dict[str, str], *arguments: str, ends: int = 0) -> str:
    ran = subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == ends, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr
