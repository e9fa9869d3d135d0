"""What an integration does, one concern a module: functions from texts to texts, without disk or clock."""
