"""Narrower signals for a stated loss."""
