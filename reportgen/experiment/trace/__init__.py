"""What a model is made of and what it costs: `trace_model` runs it on one image, `time_modules` times its calls."""

from reportgen.experiment.trace.model import trace_model
from reportgen.experiment.trace.timing import time_modules

__all__ = ["time_modules", "trace_model"]
