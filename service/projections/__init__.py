"""Keeps the read tables current. What the rows mean is decided in `events`."""
