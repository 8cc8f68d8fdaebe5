"""What a function stands on: settings, secrets, logs, metrics."""
