"""The package behind app.py: everything this program is made of."""

from chalicelib.compiled_ahead import use

__version__ = "0.1.0"

use(__path__[0])  # before any module that defines a dataclass
