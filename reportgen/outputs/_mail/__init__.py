"""What report.eml is made of: what it says, and how that becomes a message."""
