from . import collocation as collocation, weighting as weighting
from ._average import ExponentialAverage as ExponentialAverage
from ._balance import Balance as Balance, balance as balance
from ._checkpoint import CheckpointError as CheckpointError, load as load, save as save
from ._errors import (
    CallbackError as CallbackError,
    EvaluationError as EvaluationError,
    NonFiniteLossError as NonFiniteLossError,
    StageError as StageError,
    TrainingError as TrainingError,
)
from ._evaluate import evaluate as evaluate, Evaluation as Evaluation
from ._loss import (
    AbstractLoss as AbstractLoss,
    mean_square as mean_square,
    MeanSquare as MeanSquare,
    residuals as residuals,
    UnbiasedSquare as UnbiasedSquare,
)
from ._make_step import make_step as make_step
from ._metrics import Metrics as Metrics
from ._predictions import Predictions as Predictions, predictions as predictions
from ._refit import refit as refit
from ._scales import fit_scales as fit_scales, Scales as Scales
from ._schedule import default_optimizer as default_optimizer
from ._solution import Solution as Solution, Status as Status
from ._stages import Stage as Stage, train_stages as train_stages
from ._state import TrainState as TrainState
from ._step import StepMetrics as StepMetrics, TrainStep as TrainStep
from ._test_key import test_key as test_key
from ._train import train as train
from ._trial import TrialFunction as TrialFunction
from .callbacks import (
    AbstractCallback as AbstractCallback,
    Checkpoint as Checkpoint,
    MetricsCSV as MetricsCSV,
    Plots as Plots,
    Progress as Progress,
    ProgressBar as ProgressBar,
    SaveModel as SaveModel,
    Start as Start,
)
