"""How the architecture diagram is made: trace -> structures -> cards -> positions -> SVG pages."""
