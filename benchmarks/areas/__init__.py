"""What is measured: one module per area, with its contestants and its bars."""
