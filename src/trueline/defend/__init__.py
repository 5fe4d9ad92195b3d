"""What holds? Winsorizing, screening, a spectral filter, partitions with a certificate, privacy, and who did it."""

from .attribution import Attribution, attribute
from .partitioned_ensemble import PartitionedEnsemble
from .poison_certificate import PoisonCertificate
from .private_least_squares import PrivateLeastSquares
from .screen import Screen
from .sever import Sever
from .winsorize import Winsorize

__all__ = [
    "Attribution",
    "PartitionedEnsemble",
    "PoisonCertificate",
    "PrivateLeastSquares",
    "Screen",
    "Sever",
    "Winsorize",
    "attribute",
]
