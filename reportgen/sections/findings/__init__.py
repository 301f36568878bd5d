"""The sentences of each section, computed from the record."""
