"""Is it right? Gradient check, closed-form comparison, certificate, diagnosis."""

from .certificate import Certificate, certify
from .comparison import Comparison, compare_closed_form
from .diagnosis import diagnose
from .gradient import GradientCheck, check_gradient

__all__ = [
    "Certificate",
    "Comparison",
    "GradientCheck",
    "certify",
    "check_gradient",
    "compare_closed_form",
    "diagnose",
]
