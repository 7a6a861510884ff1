"""Keys: who may do what, for how long. No web framework: the feed process asks for them as well."""
