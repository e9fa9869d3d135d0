"""Recovery of a book that failed: the smallest set to redo, what that saves, and a backup before it (playbook §4)."""
