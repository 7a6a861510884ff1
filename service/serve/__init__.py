"""Running the service: one supervisor, and the web server and the projector as its children."""
