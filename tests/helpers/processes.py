"""What a test needs to start a server or a command as a process."""

from __future__ import annotations

import signal
import socket


def hear_interrupts() -> None:
    """Let a process that is started hear Ctrl-C, though this one may not, as in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
