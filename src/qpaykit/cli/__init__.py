"""The command `qpaykit`: a demonstration, and a QPay on your desk."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; without its extra, say how to get it."""
    try:
        from qpaykit.cli.commands import app
    except ModuleNotFoundError as error:
        sys.exit(f'{error.name} is missing: pip install "qpaykit[cli]"')
    app()
