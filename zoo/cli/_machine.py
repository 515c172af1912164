import importlib.metadata
import os
import re
import sys
from pathlib import Path
from typing import Any

import jax


def machine() -> dict[str, Any]:
    """What a run was computed on, by which versions, and the most memory that its process has held so far."""
    device = jax.devices()[0]
    found: dict[str, Any] = {
        "device": device.device_kind,
        "devices": jax.device_count(),
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
    }
    found |= {name: importlib.metadata.version(name) for name in ("stde-eqx", "jax", "equinox")}
    return found | {"peak_memory_mib": _process_memory(), "peak_device_memory_mib": _device_memory(device)}


def _process_memory() -> float | None:
    # On Linux the figure of `getrusage` outlives `exec`: it may be that of the program that started this one.
    status = Path("/proc/self/status")
    peak = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    if peak:
        return round(int(peak[1]) / 2**10, 1)
    try:
        import resource
    except ImportError:  # Windows has no such module.
        return None
    # In KiB, but in bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def _device_memory(device: Any) -> float | None:
    """Of a GPU; the memory of a CPU is that of the process."""
    statistics = device.memory_stats() or {}
    peak = statistics.get("peak_bytes_in_use")
    return None if peak is None else round(peak / 2**20, 1)
