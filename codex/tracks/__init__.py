"""Tracks: what a campaign works through, as data. One folder, or somebody else's package, is one track."""
