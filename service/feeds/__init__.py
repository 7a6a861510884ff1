"""The log as a feed for others: cursors, and the forms in which events are handed out."""
