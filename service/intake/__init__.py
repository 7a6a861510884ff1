"""What comes in: bytes to data, data to drafts. The same for HTTP and for import files."""
