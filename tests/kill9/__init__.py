"""The gateway is killed while orders flow, and must come back with the venue's truth."""
