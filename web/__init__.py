"""The server and the live page."""
