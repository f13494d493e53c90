"""Demonstration data: made by the portal itself, plausible, and taken out whole by `flask demo remove`."""
