"""A whole trading program that nobody here wrote, for one day."""
