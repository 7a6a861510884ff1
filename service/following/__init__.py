"""Following another service, the leader: its log is taken over from its feed as it stands there, and checked."""
