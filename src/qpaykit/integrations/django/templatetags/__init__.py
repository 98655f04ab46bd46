"""What templates load by `{% load qpay %}`."""
