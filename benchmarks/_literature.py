"""Relative L2 errors of the STDE paper, with 16 sampled coordinates on an A100.

Tables 3 to 6 of Shi, Hu, Lin and Kawaguchi, "Stochastic Taylor Derivative Estimator", NeurIPS 2024.
"""

PAPER = {
    ("Poisson", "two-body"): {100: 3.50e-3, 1_000: 4.91e-4, 10_000: 4.70e-3, 100_000: 3.49e-3},
    ("Allen-Cahn", "two-body"): {100: 1.89e-2, 1_000: 7.07e-4, 10_000: 8.33e-4, 100_000: 1.50e-3},
    ("Sine-Gordon", "two-body"): {100: 3.64e-3, 1_000: 5.40e-4, 10_000: 5.32e-3, 100_000: 9.56e-4},
    ("Poisson", "three-body"): {100: 1.00e-2, 1_000: 1.02e-3, 10_000: 1.01e-4, 100_000: 9.26e-2},
    ("Allen-Cahn", "three-body"): {100: 9.97e-3, 1_000: 1.43e-3, 10_000: 6.21e-4, 100_000: 1.56e-5},
    ("Sine-Gordon", "three-body"): {100: 9.97e-3, 1_000: 1.43e-3, 10_000: 6.21e-4, 100_000: 1.56e-5},
}
