"""Orders: one open invoice for each, over a dispatcher and its store."""

from qpaykit.orders.order import Order, OrderStatus
from qpaykit.orders.orders import AsyncOrders, Orders

__all__ = ["AsyncOrders", "Order", "OrderStatus", "Orders"]
