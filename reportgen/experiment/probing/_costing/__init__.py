"""The parts of the probe `cost`."""
