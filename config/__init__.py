"""Settings, secrets, logging and the table of namespaces. Knows domain/ only."""
