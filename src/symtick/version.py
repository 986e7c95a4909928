"""The version of symtick, for whatever states it."""

__version__ = "0.1.0"
