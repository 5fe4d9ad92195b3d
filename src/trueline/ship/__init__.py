"""What happens after `fit`: the model as a file."""

from .artifact import Model, save
from .loading import load

__all__ = ["Model", "load", "save"]
