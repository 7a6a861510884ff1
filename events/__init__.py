"""The domain: claims, time, and how a state follows from claims. Pure: no clock, no chance, no file, no network."""
