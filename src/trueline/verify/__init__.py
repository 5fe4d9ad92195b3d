"""Is it right? Gradient check, closed-form comparison, certificate, diagnosis, reproduction."""

from .certificate import Certificate, certify
from .comparison import Comparison, compare_closed_form
from .diagnosis import diagnose
from .gradient import GradientCheck, check_gradient
from .reproduced import Difference, Explanation, Reproduction
from .reproduction import reproduce

__all__ = [
    "Certificate",
    "Comparison",
    "Difference",
    "Explanation",
    "GradientCheck",
    "Reproduction",
    "certify",
    "check_gradient",
    "compare_closed_form",
    "diagnose",
    "reproduce",
]
