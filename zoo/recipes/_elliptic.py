import math

import stde_eqx as stde

from ._networks import Neighbours, Perceptron
from ._optimizers import Adam, Natural
from ._recipe import Phase, Recipe


def paper() -> Recipe:
    """The set-up of the STDE paper's elliptic experiments (table 1 and after): what others compare themselves with.

    Four layers, of which three are hidden with 128 units, 16 sampled coordinates that the batch shares, 100 points a
    step, Adam for 10 000 steps with a learning rate that falls linearly from 1e-3. No scales, no constant mode.

    ??? cite "Reference"

        Shi, Hu, Lin and Kawaguchi, *Stochastic Taylor Derivative Estimator*, NeurIPS 2024, section 5.
    """
    return Recipe(
        network=Perceptron(width=128, depth=3),
        phases=(Phase(Adam(learning_rate=1e-3), steps=10_000, estimator=stde.SparseSTDE(16), batch_size=100),),
        scaled=False,
    )


def quick() -> Recipe:
    """The paper's network and cost a step, with scales, a constant mode and a shorter schedule: a minute or so."""
    adam = Adam(learning_rate=2e-3, cosine=True, warmup=0.02, skip_spikes=True)
    average = stde.training.ExponentialAverage(0.995)
    return Recipe(
        network=Perceptron(width=128, depth=3),
        phases=(Phase(adam, steps=5_000, estimator=stde.SparseSTDE(16), batch_size=100, average=average),),
    )


def accurate(dim: int) -> Recipe:
    """Natural gradient with momentum on a network of local interactions, for neighbouring coordinates that interact.

    The exact Laplacian of such a network costs a few evaluations. A batch has as many points as there are coordinates,
    and thus as many as interactions to be told apart, but at least 300: in 1 000 dimensions 300 points a step learn
    nothing of the three-body solution, and 1 000 end at skills of 0.03 to 0.17. The steps are as many fewer. Where that
    is too dear, above 2 000 dimensions, the network is smaller and the momentum less, which with few points carries the
    noise of one batch into the next. Above 30 000 it is a perceptron with sampled coordinates, whose points take less
    time. Measured on two CPU cores: `benchmarks/results/accuracy.csv`.

    **Arguments:**

    - `dim`: of the problem.
    """
    if dim <= 2_000:
        chunk_size = 20
        num_points = chunk_size * math.ceil(max(300, dim) / chunk_size)
        steps = max(200, 300_000 // num_points)
        local = Neighbours(width=16, depth=2, features=8)
        natural = Natural(damping=1e-4, momentum=0.8)
        phase = Phase(natural, steps=steps, estimator=stde.Exact(), batch_size=num_points, chunk_size=chunk_size)
        return Recipe(network=local, phases=(phase,))
    if dim <= 30_000:
        local = Neighbours(width=8, depth=1, features=8)
        natural = Natural(damping=1e-4, momentum=0.6)
        phase = Phase(natural, steps=600, estimator=stde.Exact(), batch_size=500, chunk_size=5)
        return Recipe(network=local, phases=(phase,))
    natural = Natural(damping=1e-2, momentum=0.8)
    phase = Phase(natural, steps=1_000, estimator=stde.SparseSTDE(16), batch_size=400)
    return Recipe(network=Perceptron(width=128, depth=1), phases=(phase,))
