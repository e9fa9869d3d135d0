"""One module for each kind of thing that can be off in a corpus; registry.py lists them."""
