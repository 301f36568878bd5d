"""THE WALL: what a run left, and how it is kept, packed and found. Values only; no torch."""
