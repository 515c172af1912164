"""What an estimator is worth: bias, variance and cost."""

from ._diagnose import diagnose as diagnose
from ._diagnosis import Diagnosis as Diagnosis, Line as Line, Recommendation as Recommendation
