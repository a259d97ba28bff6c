"""The crisis protocol as durable Prefect flows, one file a phase."""
