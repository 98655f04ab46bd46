"""The command `qpaykit`: daily work with an account, and a simulated QPay."""

from __future__ import annotations

import sys

# As a shell reports a program that Ctrl-C ended.
INTERRUPTED = 130


def main() -> None:
    """Run the command; without its extra, say how to install it."""
    try:
        from qpaykit.cli.app import run

        run(sys.argv[1:])
    except ModuleNotFoundError as error:
        sys.exit(f'{error.name} is missing: pip install "qpaykit[cli]"')
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
