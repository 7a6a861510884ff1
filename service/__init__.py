"""The service around the domain: storage, projections, HTTP, command line."""
