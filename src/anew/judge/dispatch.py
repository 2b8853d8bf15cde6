"""Which code libraries choose by the CPU, and the switches that make them choose as another would.

Source: the documentation of each library; NumPy reports an error for features its build relies
on, so that only those it can leave out are named.
"""

from collections.abc import Iterable
from enum import IntEnum

# What decides which code a library runs, in the words of /proc/cpuinfo.
FEATURES = (
    "sse4_2", "avx", "avx2", "fma", "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "avx_vnni", "asimd", "sve", "sve2",
)  # fmt: skip
AVX512 = frozenset(("avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"))


class Level(IntEnum):
    """How far the vector instructions of an x86-64 CPU reach; each includes those before it."""

    SSE2 = 1
    SSE42 = 2
    AVX = 3
    AVX2 = 4
    AVX512 = 5


NAMES = {
    Level.SSE2: "SSE2",
    Level.SSE42: "SSE4.2",
    Level.AVX: "AVX",
    Level.AVX2: "AVX2",
    Level.AVX512: "AVX-512",
}
_OPENBLAS = {
    Level.SSE2: "Prescott",
    Level.SSE42: "Nehalem",
    Level.AVX: "Sandybridge",
    Level.AVX2: "Haswell",
}
_ONEDNN = {
    Level.SSE2: "SSE41",
    Level.SSE42: "SSE41",
    Level.AVX: "AVX",
    Level.AVX2: "AVX2",
}
_MKL = {Level.SSE2: "SSE4_2", Level.SSE42: "SSE4_2", Level.AVX: "AVX", Level.AVX2: "AVX2"}
_XLA = {Level.SSE2: "SSE4_2", Level.SSE42: "SSE4_2", Level.AVX: "AVX", Level.AVX2: "AVX2"}
_ARROW = {Level.SSE2: "NONE", Level.SSE42: "SSE4_2", Level.AVX: "AVX", Level.AVX2: "AVX2"}
_NUMPY_512 = ("AVX512F", "AVX512CD", "AVX512_SKX", "AVX512_CLX", "AVX512_CNL", "AVX512_ICL",
              "AVX512_SPR")  # fmt: skip
_NUMPY_512_SINCE_24 = ("X86_V4", "AVX512_ICL", "AVX512_SPR")
_GLIBC_512 = ("AVX512F", "AVX512CD", "AVX512BW", "AVX512DQ", "AVX512VL")


def level_of(features: Iterable[str]) -> Level | None:
    """Return how far the vector instructions reach; None where it is no x86-64 CPU, or unknown.

    >>> level_of(("sse4_2", "avx", "avx2", "fma")).name
    'AVX2'
    """
    known = frozenset(features)
    if not known or known & {"asimd", "sve"}:
        return None
    if known >= AVX512:
        return Level.AVX512
    if known >= {"avx2", "fma"}:
        return Level.AVX2
    if "avx" in known:
        return Level.AVX
    return Level.SSE42 if "sse4_2" in known else Level.SSE2


def switches(level: Level, numpy: str = "") -> dict[str, str]:
    """Return the variables that make libraries run the code for `level` on a larger CPU.

    `numpy` is the version of NumPy, whose names for features changed with 2.4.
    """
    if level is Level.AVX512:
        return {}
    new_names = _version(numpy) >= (2, 4)
    off = list(_NUMPY_512_SINCE_24 if new_names else _NUMPY_512)
    glibc = list(_GLIBC_512)
    if level < Level.AVX2:
        off += ["X86_V3"] if new_names else ["AVX2", "FMA3"]
        glibc += ["AVX2", "FMA"]
    if level < Level.AVX and not new_names:
        off += ["AVX", "F16C"]
    if level < Level.AVX:
        glibc.append("AVX")
    return {
        "NPY_DISABLE_CPU_FEATURES": " ".join(off),
        "OPENBLAS_CORETYPE": _OPENBLAS[level],
        "MKL_ENABLE_INSTRUCTIONS": _MKL[level],
        "ATEN_CPU_CAPABILITY": "avx2" if level is Level.AVX2 else "default",
        "ONEDNN_MAX_CPU_ISA": _ONEDNN[level],
        "DNNL_MAX_CPU_ISA": _ONEDNN[level],
        "XLA_FLAGS": f"--xla_cpu_max_isa={_XLA[level]}",
        "ARROW_USER_SIMD_LEVEL": _ARROW[level],
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in glibc),
    }


def merged(switched: dict[str, str], present: dict[str, str]) -> dict[str, str]:
    """Return `present` with switches that hold lists added to what stands there.

    >>> merged({"XLA_FLAGS": "--b"}, {"XLA_FLAGS": "--a", "HOME": "/h"})
    {'XLA_FLAGS': '--a --b', 'HOME': '/h'}
    """
    joined = dict(present)
    for name, value in switched.items():
        between = {"XLA_FLAGS": " ", "GLIBC_TUNABLES": ":", "NPY_DISABLE_CPU_FEATURES": " "}
        if name in between and joined.get(name):
            joined[name] = joined[name] + between[name] + value
        else:
            joined[name] = value
    return joined


def _version(text: str) -> tuple[int, ...]:
    parts = []
    for part in text.split(".")[:2]:
        if not part.isdigit():
            break
        parts.append(int(part))
    return tuple(parts)
