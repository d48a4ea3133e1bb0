"""The image of docker/ and the county of docker/compose.yaml, without a container engine: a minimal Debian 12
by mmdebstrap stands in for the base image, buildah builds, engine.py starts. Some minutes, some GB of disk.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import engine  # noqa: E402
from docker_run import storage  # noqa: E402

SKIPPED = 77
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.abspath(os.environ.get("MUSTER_SOURCE", os.path.join(HERE, "..", "..")))
BIN = os.path.abspath(os.environ.get("MUSTER_BIN", os.path.join(SOURCE, "build", "release", "bin")))
BASE = "docker.io/library/debian:12-slim"  # what the Dockerfile names
PROGRAMS = ("musterd", "muster-agent", "muster")
ADDED_MIB_MAX = 64  # 53 MiB when this was written, 36 of them the data of ICU, which libxml2 draws in
SUITES = ("bookworm", "bookworm-updates", "bookworm-security")
# buildah writes these whatever storage it is given.
STRAYS = ("/var/lib/containers/cache/blob-info-cache-v1.boltdb", "/etc/cni/net.d/cni.lock")
NAMESPACES = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


def why_not():
    """What keeps these tests from running here, or None."""
    if not os.access(os.path.join(BIN, "muster"), os.X_OK):
        return f"{BIN}/muster is not built"
    for tool in ("buildah", "mmdebstrap", "ip"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed; install docker/packages-long.txt"
    if os.geteuid() != 0:
        return "not root: the services' mounts and networks need it"
    wanted = "mount -t tmpfs x /mnt && ip link add x type bridge && ip link add y type veth peer name z"
    tried = subprocess.run([*NAMESPACES, "sh", "-c", wanted], check=False, capture_output=True, text=True)
    return f"no namespaces here: {tried.stderr.strip()}" if tried.returncode else None


def sources():
    """Where this machine gets Debian 12 from, as lines of a sources.list; none: from Debian itself."""
    lines = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT)",
                            "Created-By: Packages"], check=True, capture_output=True, text=True).stdout
    found = {tuple(line.split()) for line in lines.splitlines()}
    return [f"deb {site} {release} main\n" for site, release, component in sorted(found)
            if release in SUITES and component == "main"]


def copy_of_tree(to):
    """What a clean clone holds, and what a used one has beside it and must not get into the image."""
    ignored = shutil.ignore_patterns(".git", "build", "county", "__pycache__", "node_modules")
    shutil.copytree(SOURCE, to, ignore=ignored, symlinks=True)
    os.makedirs(os.path.join(to, "build", "release"))
    with open(os.path.join(to, "build", "release", "CMakeCache.txt"), "w", encoding="utf-8") as file:
        file.write("CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\n")


def upward(path):
    """The path and the folders above it."""
    while path != "/":
        yield path
        path = os.path.dirname(path)


def tree_bytes(folder):
    return sum(os.lstat(os.path.join(path, name)).st_blocks * 512
               for path, _, names in os.walk(folder) for name in names)


class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="image-", dir=os.path.dirname(BIN))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.addClassCleanup(cls.sweep, [path for stray in STRAYS for path in upward(stray)
                                        if not os.path.exists(path)])
        cls.make_base()
        cls.make_image()

    @staticmethod
    def sweep(absent):
        """Takes away what was absent before, unless others use it now."""
        for path in absent:
            try:
                os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
            except OSError:
                pass

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.folder, *names)

    @classmethod
    def call(cls, *command):
        """Standard output. What a failed command said is kept short: its end has the reason."""
        environment = dict(os.environ, TMPDIR=cls.folder, BUILDAH_ISOLATION="chroot")
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment,
                              timeout=1500)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout[-2000:]}"
                                 f"{done.stderr[-4000:]}")
        return done.stdout.strip()

    @classmethod
    def buildah(cls, *words):
        return cls.call("buildah", *storage(cls.folder), *words)

    @classmethod
    def make_base(cls):
        with open(cls.path("sources.list"), "w", encoding="utf-8") as file:
            file.writelines(sources())
        given = [cls.path("sources.list")] if os.path.getsize(cls.path("sources.list")) else []
        cls.call("mmdebstrap", "--variant=minbase", "bookworm", cls.path("base.tar"), *given)
        container = cls.buildah("from", "scratch")
        cls.buildah("add", container, cls.path("base.tar"), "/")
        cls.buildah("commit", "--rm", container, BASE)
        os.unlink(cls.path("base.tar"))

    @classmethod
    def make_image(cls):
        copy_of_tree(cls.path("src"))
        compose = cls.path("src", "docker", "compose.yaml")
        services = engine.load(compose, {})["services"]
        names = {service["image"] for service in services.values()}
        build = services["broker"]["build"]
        context = os.path.normpath(os.path.join(os.path.dirname(compose), build["context"]))
        cls.image = names.pop()
        cls.buildah("bud", "--pull-never", "--layers=false", "--tag", cls.image,
                    "--file", os.path.join(context, build["dockerfile"]), context)
        cls.config = json.loads(cls.buildah("inspect", "--type", "image", cls.image))["OCIv1"]["config"]
        cls.container = cls.buildah("from", "--pull-never", cls.image)
        cls.root = cls.buildah("mount", cls.container)

    def test_not_root(self):
        self.assertEqual(self.config["User"], "muster")
        self.assertEqual(self.buildah("run", self.container, "--", "id", "-u"), "10001")

    def test_programs(self):
        for program in PROGRAMS:
            said = self.buildah("run", self.container, "--", program, "--version")
            self.assertRegex(said, rf"^{program} \d+\.\d+\.\d+")

    def test_holds_what_runs_and_no_more(self):
        for name in ("gcc", "cc", "clang", "ld", "as", "cmake", "ninja", "make", "protoc-c", "python3"):
            self.assertIsNone(shutil.which(name, path=":".join(self.root + folder for folder in (
                "/usr/local/bin", "/usr/bin", "/usr/sbin", "/bin"))), name)
        for path in ("/src", "/out", "/tmp/packages.txt", "/usr/include/zmq.h"):
            self.assertFalse(os.path.lexists(self.root + path), path)
        self.assertEqual(os.listdir(self.root + "/var/lib/muster"), [])

    def test_size(self):
        base = self.buildah("mount", self.buildah("from", "--pull-never", BASE))
        whole, below = tree_bytes(self.root) >> 20, tree_bytes(base) >> 20
        print(f"\nthe image: {whole} MiB, {below} of them Debian", file=sys.stderr)
        self.assertLess(whole - below, ADDED_MIB_MAX)

    def make_county(self):
        """By the image alone, as somebody does who has a container engine and nothing of ours."""
        os.mkdir(self.path("bin"))
        with open(self.path("bin", "docker"), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec {sys.executable} -B {HERE}/docker_run.py {self.folder} "
                       f"{self.container} {self.image} \"$@\"\n")
        os.chmod(self.path("bin", "docker"), 0o755)
        made = self.path("made", "county")
        done = subprocess.run([self.path("src", "docker", "make-county.sh"), made], check=False,
                              timeout=120, env={"PATH": self.path("bin") + ":/usr/bin:/bin"},
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        again = subprocess.run([self.path("src", "docker", "make-county.sh"), made], check=False,
                               timeout=120, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
        self.assertEqual((again.returncode, again.stderr.count("\n")), (73, 1))
        return made

    def test_county(self):
        made, folder = self.make_county(), self.path("county")
        os.mkdir(folder)
        environment = dict(os.environ, MUSTER_BIN=BIN, MUSTER_COUNTY=made, MUSTER_SOURCE=self.path("src"))
        done = subprocess.run([*NAMESPACES, "--propagation", "private", sys.executable, "-B",
                               f"{HERE}/county.py", self.root, json.dumps(self.config), folder],
                              check=False, timeout=300, env=environment)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
