"""The spine: a spec becomes a record, and a record becomes a report."""
