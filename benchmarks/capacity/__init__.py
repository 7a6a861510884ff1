"""The capacity model: what each thing costs, measured, and what machines carry, reckoned from it."""
