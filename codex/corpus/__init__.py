"""The corpus's shared files: what each says, and how it is changed without touching the rest of it."""
