"""Positions of one agency to fifty subscribers (telemetry), and one agency's orders beside them."""

from servers import Mosquitto, Musterd, Nats, Redis

SUBSCRIBERS = 50
RATE = 1000  # samples a second, to each of them
WINDOW = 1000  # full speed: samples that not every subscriber has
UNREACHED = 10_000_000  # Muster's full speed: its own credit says how fast it goes
PEERS = {"nats": ("NATS core", Nats), "redis": ("Redis PUBLISH", Redis),
         "mosquitto": ("Mosquitto QoS 0", Mosquitto)}
# System, its title, whether it encrypts.
TITLES = {"muster": ("Muster, the last value wins", "CURVE")}
for peer_key, (peer_title, _) in PEERS.items():
    TITLES[peer_key] = (peer_title, "no")
    TITLES[peer_key + "-tls"] = (peer_title + ", TLS", "TLS")
WHATS = {"rate": f"{RATE:,} samples a second", "full": "full speed"}


class Telemetry:
    def __init__(self, bench):
        self.bench, self.subscribers = bench, 10 if bench.quick else SUBSCRIBERS

    def run(self, systems):
        """Each in a fresh server; which are here, the comparison of orders knows."""
        bench = self.bench
        for turn in range(bench.runs):
            for system in systems[turn % len(systems):] + systems[:turn % len(systems)]:
                title = TITLES[system.key][0]
                bench.progress.say(f"run {turn + 1} of {bench.runs}: telemetry: {title}")
                server = self.server(system)
                try:
                    server.start()
                    for what in WHATS:
                        self.once(server, system.key, what)
                finally:
                    server.kill()
                    server.remove()

    def server(self, system):
        bench, name = self.bench, system.key.split("-", maxsplit=1)[0]
        if name == "muster":
            return Musterd(bench.new_folder(), bench.bin, SUBSCRIBERS + 2, 1)
        return PEERS[name][1](bench.new_folder(), bench.folder if system.tls else None)

    def once(self, server, key, what):
        bench, own = self.bench, key == "muster"
        if what == "rate":
            speed = ("--rate", RATE)
        else:
            speed = ("--rate", UNREACHED) if own else ("--window", WINDOW)
        cpu = server.cpu_s()
        result = bench.load("telemetry" if own else server.load, *server.load_arguments(), "--mode",
                            "telemetry", "--addressees", self.subscribers, *speed)
        name = f"telemetry/{what}/{key}"
        bench.add(f"{name}/delivered", "1/s", result["rate"])
        bench.add(f"{name}/published", "1/s", result["published"])
        bench.add(f"{name}/p50_us", "us", result["p50_us"])
        bench.add(f"{name}/p99_us", "us", result["p99_us"])
        bench.add(f"{name}/cpu", "us", (server.cpu_s() - cpu) * 1e6 / max(result["orders"], 1))
