"""Files of weights: told apart by content, read without executing anything, put into models whose names differ."""
