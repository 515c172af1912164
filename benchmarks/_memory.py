import multiprocessing
import os
import pathlib
import re
import resource
import sys

import jax


def peak_bytes(compiled: jax.stages.Compiled) -> int:
    """What one call needs by the compiler's account: arguments, results, temporaries; what is donated counts once."""
    analysis = compiled.memory_analysis()
    assert analysis is not None
    held = analysis.argument_size_in_bytes + analysis.output_size_in_bytes - analysis.alias_size_in_bytes
    return held + analysis.temp_size_in_bytes


def machine_bytes() -> int:
    """The machine's main memory."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def own_peak_resident() -> int:
    """The largest resident set that this process has had, in bytes."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux its figure survives exec, so a fresh process starts at its parent's peak.
        return 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())[0])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def in_fresh_process(function, *args):
    """The result of a call in a new process, so that its resident set is nobody else's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, args)
