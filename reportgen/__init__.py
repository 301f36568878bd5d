"""reportgen: one command from a model spec to a report in which every number can be trusted."""

__version__ = "0.1.0"
