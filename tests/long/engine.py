"""What a container engine does with docker/compose.yaml, by namespaces alone: each service has mounts,
processes and a network of its own, the image as its root, no capability; published ports are relayed, a
service that ends is started again. To be run in namespaces of its own (test_image.py does), so that nothing
outlives it.
"""
import asyncio
import os
import re
import signal
import subprocess
import threading
import time

import yaml

BRIDGE = "county0"
SUBNET = "10.77.0"
RESTARTS_MAX = 20
KNOWN = {"image", "build", "restart", "read_only", "cap_drop", "security_opt", "tmpfs", "entrypoint",
         "command", "depends_on", "volumes", "ports", "stop_grace_period"}

# In the service's namespaces: $1 root, $2 working folder, $3 uid, $4 hosts; then -v SOURCE TARGET MODE and
# -t TARGET; then -- and the command. It waits for a line: until then there is no network.
SETUP = r"""
set -e
root=$1 folder=$2 uid=$3 hosts=$4
shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount --bind "$hosts" "$root/etc/hosts"
while [ "$1" != -- ]; do
    case $1 in
    -v)
        mount --bind "$2" "$root$3"
        [ "$4" != ro ] || mount -o remount,bind,ro "$root$3"
        shift 4
        ;;
    -t)
        mount -t tmpfs -o mode=1777 tmpfs "$root$2"
        shift 2
        ;;
    esac
done
shift
mount -o remount,bind,ro "$root"
read -r go
exec chroot "$root" setpriv --reuid="$uid" --regid="$uid" --clear-groups --bounding-set=-all --inh-caps=-all \
    --no-new-privs env --chdir="$folder" "$@" </dev/null
"""


def call(*command):
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def until(what, condition, seconds=30):
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def load(path, environment):
    """The services of a compose file. A key that is not understood is an error, not passed over."""
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda m: environment.get(m[1]) or m[2], file.read())
    compose = yaml.safe_load(text)
    for name, spec in compose["services"].items():
        unknown = set(spec) - KNOWN
        if unknown:
            raise AssertionError(f"{path}: service {name}: {', '.join(sorted(unknown))} is not known here")
        if not spec.get("read_only") or spec.get("cap_drop") != ["ALL"] or \
                spec.get("security_opt") != ["no-new-privileges:true"]:
            raise AssertionError(f"{path}: service {name} is not as closed as this engine makes it")
    return compose


class Image:
    """An image that is unpacked at root, and its configuration (OCI)."""

    def __init__(self, root, config):
        self.root, self.config = root, config
        with open(os.path.join(root, "etc/passwd"), encoding="utf-8") as file:
            users = {line.split(":")[0]: line.split(":")[2] for line in file}
        self.uid = users.get(config["User"], config["User"])


class Service:
    def __init__(self, county, name, spec, number):
        self.county, self.name, self.spec = county, name, spec
        self.number, self.address = number, f"{SUBNET}.{number}"
        self.process, self.pid, self.stopping, self.starts = None, None, False, 0
        self.log = os.path.join(county.folder, name + ".log")

    def mounts(self):
        for volume in self.spec.get("volumes", []):
            source, target, *mode = volume.split(":")
            if source[0] in "./":
                source = os.path.join(self.county.base, source)
            else:
                source = self.county.volume(source, target)
            yield from ("-v", source, target, *(mode or ["rw"]))
        for target in self.spec.get("tmpfs", []):
            yield from ("-t", target)

    def command(self):
        image = self.county.image.config
        return [*image.get("Env", []), *self.spec.get("entrypoint", image.get("Entrypoint", [])),
                *self.spec.get("command", image.get("Cmd", []))]

    def start(self):
        image = self.county.image
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", SETUP,
                 self.name, image.root, image.config.get("WorkingDir") or "/", image.uid, self.county.hosts,
                 *self.mounts(), "--", "-i", *self.command()],
                stdin=subprocess.PIPE, stdout=log, stderr=log)
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        self.pid = until(f"{self.name} to begin", lambda: read(children).strip())
        # A link of the last start may still be on its way out, so each start has its own name.
        link = f"v{self.number}.{self.starts}"
        inside = ("nsenter", "--target", self.pid, "--net", "ip")
        # The hardware address follows from the number: others have it in their caches when this one is
        # started again.
        call("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0",
             "address", f"02:00:00:00:00:{self.number:02x}", "netns", self.pid)
        call("ip", "link", "set", link, "master", BRIDGE, "up")
        call(*inside, "address", "add", self.address + "/24", "dev", "eth0")
        call(*inside, "link", "set", "eth0", "up")
        call(*inside, "link", "set", "lo", "up")
        self.starts += 1
        self.process.stdin.write(b"go\n")
        self.process.stdin.close()

    def keep(self):
        """Starts it, and again when it has ended, as `restart: unless-stopped` says."""
        while True:
            self.process.wait()
            if self.stopping or self.spec.get("restart") != "unless-stopped" or self.starts > RESTARTS_MAX:
                return
            time.sleep(0.1)
            self.start()

    def up(self):
        self.start()
        threading.Thread(target=self.keep, daemon=True).start()

    def kill(self):
        os.kill(int(self.pid), signal.SIGKILL)

    def stop(self):
        """The exit code; that of a killed process is negative."""
        self.stopping = True
        os.kill(int(self.pid), signal.Signals[self.county.image.config.get("StopSignal", "SIGTERM")])
        return self.process.wait(int(self.spec.get("stop_grace_period", "10s").rstrip("s")))

    def execute(self, *command):
        uid = self.county.image.uid
        return call("nsenter", "--target", self.pid, "--mount", "--pid", "--net", "--root", "--wd", "setpriv",
                    "--reuid=" + uid, "--regid=" + uid, "--clear-groups", *command)

    def output(self):
        return read(self.log)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


class County:
    """The services of one compose file."""

    def __init__(self, path, environment, image, folder):
        compose = load(path, environment)
        self.base, self.image, self.folder = os.path.dirname(path), image, folder
        self.volumes = set(compose.get("volumes", {}))
        self.services = {name: Service(self, name, spec, number)
                         for number, (name, spec) in enumerate(compose["services"].items(), 2)}
        self.hosts = os.path.join(folder, "hosts")
        with open(self.hosts, "w", encoding="utf-8") as file:
            file.write("127.0.0.1 localhost\n")
            file.writelines(f"{service.address} {service.name}\n" for service in self.services.values())
        hosts = os.path.join(image.root, "etc/hosts")
        if not os.path.exists(hosts):
            open(hosts, "wb").close()

    def volume(self, name, target):
        """A named volume; a new one has the owner and mode of what the image has there."""
        if name not in self.volumes:
            raise AssertionError(f"volume {name} is not declared")
        path = os.path.join(self.folder, "volumes", name)
        if not os.path.exists(path):
            status = os.stat(self.image.root + target)
            os.makedirs(path)
            os.chown(path, status.st_uid, status.st_gid)
            os.chmod(path, status.st_mode & 0o7777)
        return path

    def up(self):
        call("ip", "link", "set", "lo", "up")
        call("ip", "link", "add", BRIDGE, "type", "bridge")
        call("ip", "address", "add", f"{SUBNET}.1/24", "dev", BRIDGE)
        call("ip", "link", "set", BRIDGE, "up")
        started = []
        while len(started) < len(self.services):
            for service in self.services.values():
                if service not in started and all(self.services[name] in started
                                                  for name in service.spec.get("depends_on", [])):
                    service.up()
                    started.append(service)
        ports = [(service.address, *port.split(":")) for service in self.services.values()
                 for port in service.spec.get("ports", [])]
        threading.Thread(target=lambda: asyncio.run(publish(ports)), daemon=True).start()

    def down(self):
        """The exit codes by service, those that depend on others first."""
        order = sorted(self.services.values(), key=lambda service: "depends_on" not in service.spec)
        return {service.name: service.stop() for service in order}


async def publish(ports):
    """Relays (address, port here, port there), as an engine's proxy does."""
    async def copy(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def relay(address, port):
        async def serve(reader, writer):
            try:
                there, back = await asyncio.open_connection(address, port)
            except OSError:
                writer.close()
                return
            await asyncio.gather(copy(reader, back), copy(there, writer))
        return serve

    servers = [await asyncio.start_server(relay(address, int(there)), "127.0.0.1", int(here))
               for address, here, there in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))
