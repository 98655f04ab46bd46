"""Orders: one open invoice each, its status, its end; over a dispatcher and its store."""

from qpaykit.orders.order import Order, OrderStatus
from qpaykit.orders.orders import AsyncOrders, Orders

__all__ = ["AsyncOrders", "Order", "OrderStatus", "Orders"]
