"""Copies of everything that cannot be made again, and putting them back."""
