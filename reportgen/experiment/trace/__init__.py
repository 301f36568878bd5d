"""What a model is made of and what it costs: `trace_model` runs it on one image, `time_modules` times its calls, and
`with_fit` says whether the image is large enough for it."""

from reportgen.experiment.trace.fit import with_fit
from reportgen.experiment.trace.model import trace_model
from reportgen.experiment.trace.timing import time_modules
from reportgen.experiment.trace.varying import with_reached, with_varying

__all__ = ["time_modules", "trace_model", "with_fit", "with_reached", "with_varying"]
