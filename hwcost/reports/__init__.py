"""Readers of the vendors' reports, and refits of a device to them."""
