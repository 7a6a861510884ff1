"""The REST API: one module per resource. Handlers read a request, ask the timeline, and shape its answer."""
