"""The use cases: recording what is claimed, and asking what held."""
