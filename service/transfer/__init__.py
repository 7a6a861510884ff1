"""Records by the million: lines in, batches of events into the log, and out again. Used by command line and HTTP."""
