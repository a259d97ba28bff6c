"""Prefect tasks: one effect each. Rules live in `incidents`, order lives in `flows`."""
