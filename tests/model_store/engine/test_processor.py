import pytest

from model_store.engine import processor
from model_store.engine.processor import processor_name

OF_AMD = """processor	: 0
model name	: AMD EPYC
flags		: fpu sse2 avx2 avx512f avx512_bf16 avx512_vnni

processor	: 1
model name	: AMD EPYC
flags		: fpu sse2
"""
OF_ARM = """processor	: 0
BogoMIPS	: 2000.00
Features	: fp asimd i8mm bf16
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    def has(info):
        path = tmp_path / "cpuinfo"
        path.write_text(info)
        monkeypatch.setattr(processor, "_CPU_INFO", path)

    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "some64")
    return has


@pytest.mark.parametrize(
    ("info", "name"),
    [
        (OF_AMD, "AMD EPYC (avx2, avx512f, avx512_vnni, avx512_bf16)"),
        (OF_ARM, "some64 (asimd, i8mm, bf16)"),
        ("", "some64"),
        ("model name : Old CPU\nflags : fpu\n", "Old CPU"),
    ],
)
def test_a_processor_is_told_by_its_name_and_what_makes_networks_fast(machine, info, name):
    machine(info)
    assert processor_name() == name


def test_a_system_without_such_a_file_names_its_processor_all_the_same(machine, monkeypatch):
    monkeypatch.setattr(processor, "_CPU_INFO", processor._CPU_INFO / "nowhere")
    assert processor_name() == "some64"
