"""From the punch lists of the audits to the production plan."""
