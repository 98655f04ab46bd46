"""What qpaykit adds to `manage.py`."""
