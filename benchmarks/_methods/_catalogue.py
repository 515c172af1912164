from collections.abc import Collection

import stde_eqx as stde

from ._base import AbstractMethod
from ._forward_laplacian import ForwardLaplacian
from ._forward_over_backward import ForwardOverBackward
from ._jet import Jet
from ._looped import Looped
from ._ours import Ours
from ._parallel_hvp import ParallelHVP
from ._regression import Regression


#: The two methods that every other is compared with.
REGRESSION = "regression"
BASELINE = "jet one-hot"


def catalogue(num_samples: int, names: Collection[str] = ()) -> list[AbstractMethod]:
    """The methods of the comparison: all of them, or those named and the plain regression.

    The first of those with the same estimator is the one that the others must agree with.

    **Raises:** `ValueError` if a name is not that of a method.
    """
    sparse, dense, exact = stde.SparseSTDE(num_samples), stde.DenseSTDE(num_samples), stde.Exact()
    methods = [
        Regression(REGRESSION),
        Ours("ours sparse", sparse),
        Ours("ours dense", dense),
        Ours("ours exact", exact),
        Jet(BASELINE, sparse),
        Jet("jet dense", dense),
        ParallelHVP("parallel HVP SDGD", sparse),
        ForwardOverBackward("forward-over-backward SDGD", sparse),
        Looped("looped SDGD", sparse),
        ForwardLaplacian("folx forward Laplacian", exact),
    ]
    known = [method.name for method in methods]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"No method is called {unknown[0]!r}; the methods are {', '.join(map(repr, known))}.")
    return [method for method in methods if not names or method.name in names or method.name == REGRESSION]
