"""How the probe `weights` finds, measures and pictures the matrices of a model."""
