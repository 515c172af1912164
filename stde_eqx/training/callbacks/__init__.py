from ._base import AbstractCallback as AbstractCallback, Progress as Progress, Start as Start
from ._checkpoint import Checkpoint as Checkpoint
from ._metrics_csv import MetricsCSV as MetricsCSV
from ._plots import Plots as Plots
from ._progress_bar import ProgressBar as ProgressBar
from ._save_model import SaveModel as SaveModel
