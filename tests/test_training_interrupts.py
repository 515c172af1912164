import os
import signal
import threading

import jax.random as jr
import pytest

import stde_eqx as stde
from stde_eqx.training import AbstractCallback, Status

from .training_problems import Adapted, BallPoisson, mlp


def _train(callback, problem=None, **kwargs):
    return stde.train(
        BallPoisson() if problem is None else problem,
        mlp(),
        estimator=stde.SparseSTDE(2),
        steps=5_000,
        report_every=10,
        batch_size=2,
        key=jr.key(1),
        num_report_points=10,
        num_test_points=100,
        callbacks=[callback],
        **kwargs,
    )


class ControlC(AbstractCallback):
    """Presses Ctrl-C once twenty steps are done."""

    def __init__(self):
        self.ended = False

    def on_progress(self, progress):
        if progress.step >= 20:
            os.kill(os.getpid(), signal.SIGINT)

    def on_end(self, solution):
        self.ended = True


def test_ctrl_c_ends_the_run_in_order_and_evaluates_it():
    callback = ControlC()
    solution = _train(callback)
    assert solution.status is Status.interrupted
    assert 20 <= solution.metrics.step < 5_000
    assert solution.metrics.relative_l2 is not None
    assert callback.ended
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_keyboard_interrupt_in_a_callback_is_a_ctrl_c():
    class Raise(AbstractCallback):
        def on_report(self, metrics, state):
            raise KeyboardInterrupt

    solution = _train(Raise())
    assert solution.status is Status.interrupted
    assert solution.metrics.step == 10


def test_ctrl_c_during_the_final_evaluation_keeps_the_solution():
    evaluations = []

    def interrupted_sampler(problem, num_points, *, key):
        evaluations.append(num_points)
        if num_points == 100:  # the final test set, and nothing else
            raise KeyboardInterrupt
        return BallPoisson.sample(problem, num_points, key=key)

    solution = _train(ControlC(), Adapted(BallPoisson(), sampler=interrupted_sampler))
    assert 100 in evaluations
    assert solution.status is Status.interrupted
    assert solution.metrics.relative_l2 is None and solution.history[-1].relative_l2 is not None


def test_a_handler_of_the_callers_own_stays_in_charge():
    pressed = []
    before = signal.signal(signal.SIGINT, lambda signum, frame: pressed.append(signum))
    try:

        class Both(ControlC):
            def on_report(self, metrics, state):
                if metrics.step >= 50:
                    raise KeyboardInterrupt

        solution = _train(Both())
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed and solution.metrics.step == 50


@pytest.mark.filterwarnings("default")
def test_training_works_in_a_thread():
    class Stop(AbstractCallback):
        def on_report(self, metrics, state):
            raise KeyboardInterrupt

    solutions = []
    thread = threading.Thread(target=lambda: solutions.append(_train(Stop())))
    thread.start()
    thread.join()
    assert solutions[0].metrics.step == 10
