"""The feed process: waits for what is new, and hands it to everybody who listens."""
