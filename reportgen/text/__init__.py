"""How things are written: translation, numbers by unit, suggestions."""
