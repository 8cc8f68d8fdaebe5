"""What the house needs of the world, and the errors a port may raise."""
