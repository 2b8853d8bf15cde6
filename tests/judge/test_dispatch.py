"""Which level a CPU has, and what makes libraries choose as a smaller one would."""

import pytest

from anew.judge.dispatch import AVX512, Level, level_of, merged, switches

V3 = ("sse4_2", "avx", "avx2", "fma")


@pytest.mark.parametrize(
    ("features", "level"),
    [
        ((), None),
        (("asimd", "sve"), None),
        (("sse4_2",), Level.SSE42),
        (("sse4_2", "avx"), Level.AVX),
        (("sse4_2", "avx", "avx2"), Level.AVX),  # without FMA libraries do not choose AVX2
        (V3, Level.AVX2),
        ((*V3, "avx512f"), Level.AVX2),  # Knights Landing: not what libraries call AVX-512
        ((*V3, *AVX512), Level.AVX512),
    ],
)
def test_level_of_a_cpu(features: tuple[str, ...], level: Level | None) -> None:
    assert level_of(features) == level


def test_the_largest_level_needs_no_switch() -> None:
    assert switches(Level.AVX512) == {}


def test_numpy_features_have_the_names_of_its_version() -> None:
    assert "AVX512_SKX" in switches(Level.AVX2, "2.3.1")["NPY_DISABLE_CPU_FEATURES"]
    assert "X86_V4" in switches(Level.AVX2, "2.4.0")["NPY_DISABLE_CPU_FEATURES"]
    assert "AVX512_SKX" not in switches(Level.AVX2, "2.4.0rc1")["NPY_DISABLE_CPU_FEATURES"]


@pytest.mark.parametrize("level", [each for each in Level if each is not Level.AVX512])
def test_each_smaller_level_names_every_library(level: Level) -> None:
    assert {"OPENBLAS_CORETYPE", "ATEN_CPU_CAPABILITY", "GLIBC_TUNABLES", "XLA_FLAGS"} <= set(
        switches(level)
    )


def test_what_stands_in_a_list_is_kept() -> None:
    given = {"XLA_FLAGS": "--mine", "ATEN_CPU_CAPABILITY": "avx512"}
    joined = merged(switches(Level.AVX2), given)

    assert joined["XLA_FLAGS"] == "--mine --xla_cpu_max_isa=AVX2"
    assert joined["ATEN_CPU_CAPABILITY"] == "avx2"
