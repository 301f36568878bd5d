"""The parts of a pull request's comment."""
