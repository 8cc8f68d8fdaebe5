"""What every function needs at start: settings, secrets, telemetry, and the wiring of the adapters."""
