"""Erasing: texts that have to be forgotten are found, named in the log, deleted, and never told again."""
