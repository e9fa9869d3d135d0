"""What to work on, and who answers: find a subject, choose the next work, see who holds it, choose the backend."""
