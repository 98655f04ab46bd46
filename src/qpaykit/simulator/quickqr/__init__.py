"""The simulated Quick QR, which has its own logins and its own API."""

from qpaykit.simulator.quickqr.product import QuickCredentials, QuickQR
from qpaykit.simulator.quickqr.state import QuickState, SubMerchant

__all__ = ["QuickCredentials", "QuickQR", "QuickState", "SubMerchant"]
