"""The version of this package, written here alone: the build reads it from here."""

__version__ = "0.1.0"
