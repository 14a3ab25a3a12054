"""Time, draws, portable maths, tables, batches and errors; everything else stands on this room."""
