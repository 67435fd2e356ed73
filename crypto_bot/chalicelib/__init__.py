"""The package behind app.py: everything this program is made of."""

__version__ = "0.1.0"
