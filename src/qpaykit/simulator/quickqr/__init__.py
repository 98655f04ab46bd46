"""The simulated Quick QR, beside the merchant product: another login and another wire."""

from qpaykit.simulator.quickqr.product import QuickCredentials, QuickQR
from qpaykit.simulator.quickqr.state import QuickState, SubMerchant

__all__ = ["QuickCredentials", "QuickQR", "QuickState", "SubMerchant"]
