"""Rules and numbers in, passes and failures out. "Not enough data" is an outcome of its own, not a pass."""

from reportgen.gates.judging import judge_gates
from reportgen.gates.names import check_names

__all__ = ["check_names", "judge_gates"]
