"""Answers in the forms of other tools. Rendering only: what is told is found elsewhere."""
