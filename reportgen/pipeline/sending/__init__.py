"""Handing a report's mail to a mail server: to whom, by which server, and who has it already."""
