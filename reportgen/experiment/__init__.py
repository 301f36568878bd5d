"""The experiment: everything that needs torch, a device and the data. Left of the wall."""
