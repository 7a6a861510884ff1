"""Where events are kept. `protocol` says what is promised, `postgres` and `memory` keep the promise."""
