"""Data sets: where their files are, how they are read, and images ready for a device. Importing it needs no torch."""
