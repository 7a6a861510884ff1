"""Webhooks: events sent to those who subscribed, signed, in order, and again until they arrive."""
