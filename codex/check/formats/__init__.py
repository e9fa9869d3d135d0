"""How a report is shown: a function from a ``CheckReport`` to text (or a JSON document) for each format."""
