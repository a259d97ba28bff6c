"""The domain of crisis response: rules and the store. No Prefect, no HTTP, no web, no clock."""
