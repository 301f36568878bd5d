"""What TensorBoard's event files are made of."""
