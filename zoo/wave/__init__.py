from ._wave_equation import WaveEquation as WaveEquation
