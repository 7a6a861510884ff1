"""The log made verifiable: a Merkle tree beside it, signed checkpoints, proofs, and the audit of all of it."""
