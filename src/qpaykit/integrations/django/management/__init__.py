"""The commands that qpaykit adds to `manage.py`."""
