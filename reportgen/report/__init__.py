"""A record and its figures in, a Report out."""
