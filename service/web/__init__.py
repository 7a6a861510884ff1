"""Pages for people: rendered on the server, and moved by small scripts of our own."""
