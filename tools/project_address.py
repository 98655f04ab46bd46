"""Changes the project's address in every text that names it.

python tools/project_address.py --repository https://github.com/owner/name --site https://owner.github.io/name/

[project.urls] in pyproject.toml is the one place that says where the project is: `Source` is the
repository and `Documentation` the site. This brings all other texts into line with new ones.
"""

from __future__ import annotations

import argparse
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import tomli

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Addresses:
    """Where the project is.

    Attributes:
        repository: Its repository, without a slash at the end.
        site: Its documentation, with a slash at the end.
    """

    repository: str
    site: str

    @property
    def slug(self) -> str:
        """The repository's owner and name."""
        return "/".join(self.repository.split("/")[-2:])


def current() -> Addresses:
    """Return what pyproject.toml says."""
    urls = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]
    return Addresses(urls["Source"], urls["Documentation"])


def rewritten(text: str, old: Addresses, new: Addresses) -> str:
    """Return a text with new addresses in the place of the old ones."""
    text = text.replace(old.site, new.site).replace(old.site.rstrip("/"), new.site.rstrip("/"))
    text = text.replace(old.repository, new.repository)
    text = re.sub(rf"(?<![\w-]){re.escape(old.slug)}(?![\w-])", new.slug, text)
    owners = [addresses.slug.split("/")[0] for addresses in (old, new)]
    return text.replace(f"@{owners[0]}/maintainers", f"@{owners[1]}/maintainers")


def texts() -> list[Path]:
    """Return every text of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = {".md", ".toml", ".py", ".yml", ".yaml", ".html", ".txt", ""}
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in kinds and path.is_file()]


def main() -> None:
    """Rewrite every text."""
    old = current()
    parser = argparse.ArgumentParser()
    parser.add_argument("--repository", default=old.repository)
    parser.add_argument("--site", default=old.site)
    given = parser.parse_args()
    new = Addresses(given.repository.rstrip("/"), given.site.rstrip("/") + "/")
    for path in texts():
        text = path.read_text(encoding="utf-8")
        if (changed := rewritten(text, old, new)) != text:
            path.write_text(changed, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
