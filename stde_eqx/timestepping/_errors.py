from ._evolution import Evolution


class EvolutionError(RuntimeError):
    """An evolution that ended early. What was computed is not lost: `error.evolution` holds it."""

    evolution: Evolution

    def __init__(self, message: str, evolution: Evolution):
        super().__init__(message)
        self.evolution = evolution
