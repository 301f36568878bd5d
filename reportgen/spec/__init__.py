"""A spec: YAML text in, a validated ReportSpec out. The only package that imports yaml."""

from reportgen.spec.reader import SpecFile, open_spec, override_report, read_spec
from reportgen.spec.schema import spec_schema
from reportgen.spec.types import ReportSpec
from reportgen.spec.writing import written_out

__all__ = ["ReportSpec", "SpecFile", "open_spec", "override_report", "read_spec", "spec_schema", "written_out"]
