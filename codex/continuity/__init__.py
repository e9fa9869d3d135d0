"""The six continuity metrics: what they count, their thresholds, and what a unit lacks (unit-rubric, part 3)."""
