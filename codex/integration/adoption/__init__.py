"""Taking over a corpus that others made: what the engine makes of it, what is off, and what it can mend."""
