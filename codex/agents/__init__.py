"""Run one agent conversation: calls, backends, tools, prices, journal, recordings."""
