"""What a production brief says beside its pattern: excerpts, neighbours, numbers, where sources disagree."""
