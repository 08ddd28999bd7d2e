#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2026.10"]
# ///
"""The sessions that build, test and check the project; `nox -l` lists them."""

import ast
import contextlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
SITE = ROOT / "docs" / "_build" / "html"
HOSTED = {
    "github-workflows": (
        ".github/workflows/ci.yml",
        ".github/workflows/pages.yml",
        ".github/workflows/release.yml",
    ),
    "citation-file-format": ("CITATION.cff",),
    "dependabot": (".github/dependabot.yml",),
    "readthedocs": (".readthedocs.yaml",),
}
"""What the hosts read, by the schema that it follows."""
TESTS = ROOT / "tests"
SITE_TESTS = TESTS / "site"
PACKAGE_TESTS = TESTS / "package"
DIST = ROOT / "dist"
BOOK = ROOT / "docs" / "_build" / "epub" / "autograd-tutorial.epub"
PROCESSES = str(2 * (os.cpu_count() or 1))
"""Each takes ten pages at a time, and some wait for their kernels: so there are more than cores."""
ALL_TESTS = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
SPHINX_OPTIONS = ("-n", "-T", "-W", "--keep-going", "-j", PROCESSES)


UV_SETTINGS = {
    "extra-index-url",
    "find-links",
    "index",
    "index-url",
    "torch-backend",
}
"""What says to uv where packages come from, in its files."""
UV_VARIABLES = {
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    *(f"UV_{name.replace('-', '_').upper()}" for name in UV_SETTINGS),
}
"""What says so in the environment."""
UV_FOLDERS = (
    os.environ.get("XDG_CONFIG_HOME", "~/.config"),
    os.environ.get("APPDATA", "~/.config"),
    "/etc",
)
FROM_PIP = {
    "find-links": ("UV_FIND_LINKS", ","),
    "index-url": ("UV_DEFAULT_INDEX", " "),
}
"""The settings of pip that uv can follow: its variable, and what stands between several values."""


def uv_is_told() -> bool:
    """Tell whether somebody has said to uv where packages come from."""
    files = [
        Path(folder, "uv", "uv.toml").expanduser() for folder in UV_FOLDERS
    ]
    settings = set()
    for file in filter(Path.is_file, [ROOT / "uv.toml", *files]):
        said = tomllib.loads(file.read_text("utf-8"))
        settings |= {*said, *said.get("pip", {})}
    return bool(UV_VARIABLES & {*os.environ} or UV_SETTINGS & settings)


def told_to_pip() -> dict[str, str]:
    """Return where pip has been told to look, by a variable or a file, as variables of uv."""
    told: dict[str, str] = {}
    for pip in ([sys.executable, "-m", "pip"], ["pip"]):  # uvx has none
        with contextlib.suppress(OSError):
            found = subprocess.run(
                [*pip, "config", "list"],
                capture_output=True,
                check=False,
                text=True,
            )
            lines = found.stdout.splitlines()
            # What the variables say comes first, as it does for pip.
            for line in sorted(lines, key=lambda s: not s.startswith(":env:")):
                key, _, value = line.partition("=")
                setting = key.rpartition(".")[2]
                if setting in FROM_PIP:
                    name, between = FROM_PIP[setting]
                    places = between.join(ast.literal_eval(value).split())
                    told.setdefault(name, places)
            if found.returncode == 0:
                break
    return told


def sources() -> dict[str, str]:
    """Return the variables that say to uv where packages come from, if nobody has said so.

    Without a word from pip either, PyTorch comes from its index without CUDA,
    which spares several gigabytes.
    """
    if uv_is_told():
        return {}
    return told_to_pip() or {"UV_TORCH_BACKEND": "cpu"}


def install(
    session: nox.Session, group: str, *package: str, constraints: bool = True
) -> None:
    """Install a dependency group and the package itself, in the versions of constraints.txt."""
    requirements = nox.project.dependency_groups(PROJECT, group)
    if session.venv_backend == "uv":
        session.env.update(sources())
        # uv compiles nothing. Python does, here, also if it is told to write nothing elsewhere.
        bytecode = Path(session.virtualenv.location, "bytecode")
        session.env.update(
            PYTHONPYCACHEPREFIX=str(bytecode), PYTHONDONTWRITEBYTECODE=""
        )
    exact = ("-c", "constraints.txt") if constraints else ()
    session.install(*exact, *requirements, *package)


def write(session: nox.Session, builder: str, *options: str) -> None:
    """Write the pages with another builder, as the site's build has read and run them."""
    # A copy, since a build that fails discards what it has read.
    read = Path(session.create_tmp()) / "doctrees"
    shutil.rmtree(read, ignore_errors=True)
    shutil.copytree(SITE / ".doctrees", read)
    out = f"docs/_build/{builder}"
    session.run(
        "sphinx-build", "-b", builder, "-d", str(read), *options, "docs", out
    )


@nox.session(allow_parallel=True)
def docs(session: nox.Session) -> None:
    """Build the site, run everything in it, and print the path to open."""
    install(session, "docs", "-e", ".")
    session.run("sphinx-build", *SPHINX_OPTIONS, "docs", str(SITE))
    session.log(f"The site is built. Open {SITE / 'index.html'}")


def needs_site(arguments: list[str]) -> bool:
    """Tell whether the arguments of pytest leave a test of the site in."""
    paths = [ROOT / word.partition("::")[0] for word in arguments]
    named = [
        path for path in paths if path.is_relative_to(TESTS) and path.exists()
    ]
    return not named or any(
        SITE_TESTS.is_relative_to(path) or path.is_relative_to(SITE_TESTS)
        for path in named
    )


_, _, ARGUMENTS = "\0".join(sys.argv).partition("\0--\0")
"""What stands after `--`. A session cannot choose what it requires once it runs."""


@nox.session(
    requires=["docs"] if needs_site(ARGUMENTS.split("\0")) else [],
    allow_parallel=True,
)
def tests(session: nox.Session) -> None:
    """Test the package and the built site (which it builds first); `-- PATH -k NAME` chooses tests."""
    install(session, "test", ".")
    session.run("pytest", *(session.posargs or ALL_TESTS))


@nox.session(default=False)
@nox.parametrize(
    "python,packages",
    [
        *(nox.param(python, "as built", id=python) for python in PYTHONS[1:]),
        nox.param(PYTHONS[0], "lowest", id="lowest"),
        nox.param(PYTHONS[-1], "newest", id="newest"),
    ],
)
def versions(session: nox.Session, packages: str) -> None:
    """Test on the other Pythons, and with the lowest and newest packages, that the metadata names."""
    if packages == "as built":
        install(session, "test", ".")
        session.run("sphinx-build", *SPHINX_OPTIONS, "docs", str(SITE))
        session.run("pytest", *ALL_TESTS, *session.posargs)
        return
    # The site is of one version each. What is newer may be unlike what its pages say.
    needed = PROJECT["project"]["dependencies"]
    if packages == "lowest":
        needed = [each.replace(">=", "==") for each in needed]
    install(session, "test", ".", "--upgrade", *needed, constraints=False)
    session.run("pytest", *ALL_TESTS, str(PACKAGE_TESTS), *session.posargs)


@nox.session(default=False)
def package(session: nox.Session) -> None:
    """Build the package and check what it says of itself; `-- v1.2.3` compares the version with a tag."""
    install(session, "package")
    tag = f"v{PROJECT['project']['version']}"
    for other in session.posargs:
        if other != tag:
            session.error(
                f"The tag {other} is to be published, and pyproject.toml says {tag}."
            )
    shutil.rmtree(DIST, ignore_errors=True)
    session.run("hatchling", "build", "--directory", str(DIST))
    session.run("twine", "check", "--strict", *map(str, DIST.iterdir()))


@nox.session(default=False, requires=["package"], reuse_venv=False)
def wheel(session: nox.Session) -> None:
    """Install the package as built into an empty environment, and run the tests that it brings."""
    (built,), (source,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    session.env.update(sources())
    session.install("-c", "constraints.txt", str(built))
    session.run("python", "-m", "autograd_tutorial", "hint", "ex2")
    install(session, "test")
    folder = session.create_tmp()
    shutil.rmtree(folder)
    shutil.unpack_archive(source, folder, filter="data")
    session.chdir(Path(folder) / source.name.removesuffix(".tar.gz"))
    session.run("pytest", *ALL_TESTS, "tests/package")


@nox.session(allow_parallel=True)
def downloads(session: nox.Session) -> None:
    """Serve the site at an address, and run its downloads in fresh environments."""
    install(session, "test", ".")
    session.env.update(sources())
    session.run("pytest", "tests/downloads", *session.posargs)


def test_copy(session: nox.Session, folder: str) -> None:
    """Run the tests that build a copy of the project, with the options of its own build."""
    install(session, "test", ".")
    options = {"SPHINX_OPTIONS": " ".join(SPHINX_OPTIONS)}
    session.run("pytest", folder, *session.posargs, env=options)


@nox.session(requires=["docs"], allow_parallel=True)
def reproduce(session: nox.Session) -> None:
    """Build the site once more, in another folder, and compare the two byte by byte."""
    test_copy(session, "tests/reproduce")


@nox.session(allow_parallel=True)
def faults(session: nox.Session) -> None:
    """Plant faults in a copy of the project, and see each of them caught."""
    test_copy(session, "tests/faults")


@nox.session(allow_parallel=True)
def lint(session: nox.Session) -> None:
    """Check style with ruff, types with mypy, and the configuration of the project and its hosts."""
    install(session, "lint", "-e", ".")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("repo-review", ".")
    for schema, files in HOSTED.items():
        session.run(
            "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files
        )
    session.run("zizmor", "--offline", "--pedantic", ".github")


def use_browser(session: nox.Session, *options: str) -> None:
    """Install what drives Chromium, and test the built site with it."""
    if not shutil.which("npm"):
        session.error(
            "npm is missing, which brings axe and Lighthouse: install Node.js "
            "(Debian, Ubuntu: apt-get install nodejs npm)."
        )
    install(session, "browser")
    with session.chdir("tests/browser"):
        npm = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        session.run(*npm, external=True)
    session.run("pytest", "--confcutdir", "tests/browser", *options)


@nox.session(requires=["docs"], default=False, allow_parallel=True)
def browser(session: nox.Session) -> None:
    """Use the built site in Chromium: every page, at three widths, light and dark."""
    tests = sorted(map(str, (TESTS / "browser").glob("test_*.py")))
    tests.remove(str(TESTS / "browser" / "test_lighthouse.py"))
    use_browser(session, *tests, "-n", "4")


@nox.session(requires=["docs"], default=False)
def lighthouse(session: nox.Session) -> None:
    """Let Lighthouse judge four pages, as on a phone and on a desktop; wants an idle machine."""
    use_browser(session, "tests/browser/test_lighthouse.py")


@nox.session(default=False)
def serve(session: nox.Session) -> None:
    """Build the site, open it in a browser, and rebuild and reload as files change."""
    install(session, "docs", "-e", ".")
    watched = ("--watch", "gallery", "--watch", "src")
    generated = r"/docs/(_build|gallery)/|__pycache__"
    options = (
        "--open-browser",
        "--port",
        "0",
        "--re-ignore",
        generated,
        "-j",
        "auto",
    )
    session.run(
        "sphinx-autobuild",
        *options,
        *watched,
        "docs",
        str(SITE),
        *session.posargs,
    )


@nox.session(default=False, requires=["docs"], allow_parallel=True)
def epub(session: nox.Session) -> None:
    """Make a book of the site and have EPUBCheck, which needs Java, check it."""
    if not shutil.which("java"):
        session.error(
            "EPUBCheck needs Java, and there is none. Install a Java runtime: "
            "on Debian and Ubuntu, apt-get install default-jre-headless."
        )
    install(session, "epub", "-e", ".")
    write(session, "epub", *SPHINX_OPTIONS)
    session.run("python", "-m", "epubcheck", str(BOOK))
    session.log(f"The book is made. Open {BOOK}")


@nox.session(default=False, requires=["docs"])
def linkcheck(session: nox.Session) -> None:
    """Ask the other hosts whether what the site links to is still there."""
    install(session, "docs", "-e", ".")
    write(session, "linkcheck", "-j", "auto")


@nox.session(default=False)
def benchmark(session: nox.Session) -> None:
    """Measure the build, and the graph beside other tools; `-- --write` keeps the graph's tables."""
    install(session, "benchmark", ".")
    # It copies the project as the tests do that build copies.
    session.run("python", "benchmarks/build.py", env={"PYTHONPATH": "tests"})
    session.run("python", "benchmarks/graph.py", *session.posargs)


if __name__ == "__main__":
    nox.main()
