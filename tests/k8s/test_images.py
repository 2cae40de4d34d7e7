"""The Dockerfiles: what goes into an image and what stays out. No engine is there to build them."""

import re
import subprocess
from fnmatch import fnmatch

import pytest

IMAGES = ("api", "torchserve", "mlflow")
SECRETS = (
    "var/api_keys.json",
    ".env",
    ".git/config",
    "runs/starter/model",
    "k8s/base/settings.env",
)


@pytest.fixture(params=IMAGES)
def dockerfile(request, root):
    return root / "k8s" / "images" / f"{request.param}.Dockerfile"


@pytest.fixture
def instructions(dockerfile):
    """(word, rest) of each instruction, continued lines joined, comments left out."""
    lines = [x for x in dockerfile.read_text().splitlines() if not x.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(" ", 1)) for line in joined.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def is_sent(root):
    """Whether a path of the repository is sent to the builder, by .dockerignore."""
    lines = (root / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    def sent(path):
        parts = path.split("/")
        above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        out = False
        for rule in rules:
            pattern = rule.removeprefix("!")
            bare = pattern.removeprefix("**/")
            names = parts if pattern.startswith("**/") else above
            if any(fnmatch(name, bare) for name in names):
                out = not rule.startswith("!")
        return not out

    return sent


def test_hadolint_finds_nothing(dockerfile, program_path):
    command = [program_path("hadolint"), "--failure-threshold", "style", str(dockerfile)]
    linted = subprocess.run(command, capture_output=True, check=False, text=True)
    assert linted.returncode == 0, linted.stdout


def test_hadolint_finds_something_where_there_is_something(program_path, tmp_path):
    broken = tmp_path / "Dockerfile"
    broken.write_text("FROM python:latest\nRUN cd /tmp && pip install flask\n")
    command = [program_path("hadolint"), "--failure-threshold", "style", str(broken)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_an_image_is_built_in_one_stage_and_runs_in_another_without_root(instructions):
    starts = [n for n, (word, _) in enumerate(instructions) if word == "FROM"]
    assert len(starts) == 2
    last = instructions[starts[-1] :]
    assert [rest for word, rest in last if word == "USER"] == ["10001:10001"]
    copies = [rest for word, rest in last if word == "COPY"]
    assert all(rest.startswith("--from=build ") for rest in copies)
    assert {rest.split(":")[1].split(" ")[0] for w, rest in instructions if w == "FROM"} == {
        "3.11-slim-bookworm"
    }


def test_every_package_is_installed_under_the_constraints(instructions):
    installs = [
        command
        for word, rest in instructions
        if word == "RUN"
        for command in re.findall(r"pip install [^&]+", rest)
    ]
    assert installs
    # torch comes by its own argument, as in the Makefile: its version is exact there.
    unbound = [c for c in installs if "--constraint configs/constraints.txt" not in c]
    assert [c.strip() for c in unbound] in ([], ["pip install ${TORCH}"])


def test_the_torch_of_the_images_is_that_of_the_makefile(root):
    (wanted,) = re.findall(r"^TORCH \?= (\S+)$", (root / "Makefile").read_text(), re.MULTILINE)
    for name in ("api", "torchserve"):
        text = (root / "k8s" / "images" / f"{name}.Dockerfile").read_text()
        assert re.findall(r'^ARG TORCH="(\S+)"$', text, re.MULTILINE) == [wanted]


def test_no_secret_can_come_into_a_layer(instructions, is_sent):
    copied = [rest for word, rest in instructions if word in {"COPY", "ADD"}]
    assert all(re.fullmatch(r"(--from=build )?[\w./ -]+", rest) for rest in copied)
    assert not [rest for rest in copied if rest.split()[0] == "."]
    named = [rest for word, rest in instructions if word in {"ARG", "ENV"}]
    assert not [n for n in named if re.search(r"(?i)(password|secret|token|api_key)", n)]
    for path in SECRETS:
        assert not is_sent(path), path


def test_what_is_copied_exists_and_is_sent(instructions, root, is_sent):
    for word, rest in instructions:
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _ = rest.split()
            for source in sources:
                assert (root / source).exists()
                assert is_sent(source), source


@pytest.mark.parametrize(
    "path",
    ["model_store/starter/model.safetensors", "serving/py.typed", "configs/constraints.txt",
     "data_pipeline/corpus/PROVENANCE.md", "serving/notices/data/wordings.toml"],
)  # fmt: skip
def test_what_a_package_carries_is_sent(path, root, is_sent):
    assert (root / path).exists()
    assert is_sent(path)


def test_archives_and_caches_stay_out(is_sent):
    assert not is_sent("model_store/archives/wherefore.mar")
    assert not is_sent("serving/__pycache__/app.cpython-311.pyc")


@pytest.mark.parametrize("name", ["api", "torchserve"])
def test_an_image_of_ours_has_all_that_pyproject_names(name, root):
    text = (root / "k8s" / "images" / f"{name}.Dockerfile").read_text()
    copied = {
        word for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for word in line.split()
    }
    assert {"data_pipeline", "model_store", "training", "serving", "pyproject.toml"} <= copied
    assert {"README.md", "LICENSE"} <= copied
