"""Whether a report is what its record gives: `reportgen verify`."""
