"""The demonstration with everything going wrong: kills, faults, resent alerts; and a verdict."""

from chalicelib.local.chaos.direct import ChaosOptions, ChaosView, run_chaos
from chalicelib.local.chaos.judge import Verdict

__all__ = ["ChaosOptions", "ChaosView", "Verdict", "run_chaos"]
