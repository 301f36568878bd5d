"""What the probe `explanations` is made of: layers with a picture, attribution maps and their checks, features."""
