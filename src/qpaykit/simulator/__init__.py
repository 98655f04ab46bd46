"""A simulated QPay on this machine: its HTTP API, over real HTTP, on loopback."""

try:
    import jinja2  # noqa: F401
    import segno  # noqa: F401
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
except ModuleNotFoundError as _error:
    raise ImportError(
        f'the simulator needs {_error.name}: pip install "qpaykit[simulator]"'
    ) from _error

from qpaykit.simulator.callback_sender import SentCallback
from qpaykit.simulator.faults import CALLBACK_FAULTS
from qpaykit.simulator.faults import KINDS as FAULT_KINDS
from qpaykit.simulator.quickqr import QuickCredentials, QuickQR, SubMerchant
from qpaykit.simulator.request_log import RecordedRequest
from qpaykit.simulator.simulator import Credentials, Simulator

__all__ = [
    "CALLBACK_FAULTS",
    "FAULT_KINDS",
    "Credentials",
    "QuickCredentials",
    "QuickQR",
    "RecordedRequest",
    "SentCallback",
    "Simulator",
    "SubMerchant",
]
