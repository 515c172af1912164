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
    """What reaches the smallest errors within minutes on two CPU cores, for interactions of neighbouring coordinates.

    Up to about 3 000 dimensions natural gradient on a network of local interactions, whose exact Laplacian costs a few
    evaluations; above, where the batch is too small for its many read-outs, Adam on a perceptron.

    **Arguments:**

    - `dim`: of the problem.
    """
    if dim <= 3_000:
        local = Neighbours(width=16, depth=1, features=8)
        natural = Phase(Natural(damping=1e-3), steps=900, estimator=stde.Exact(), batch_size=300, chunk_size=20)
        return Recipe(network=local, phases=(natural,))
    adam = Adam(learning_rate=1e-3, cosine=True, warmup=0.02, skip_spikes=True)
    average = stde.training.ExponentialAverage(0.999)
    return Recipe(
        network=Perceptron(width=128, depth=3),
        phases=(Phase(adam, steps=20_000, estimator=stde.SparseSTDE(16), batch_size=100, average=average),),
    )
