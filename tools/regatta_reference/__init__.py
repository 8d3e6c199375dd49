"""What tools/reference is made of."""
