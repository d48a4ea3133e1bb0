"""A wire between two brokers that can be cut: a TCP relay. While it is cut nothing passes, and neither end is
told of it."""
import contextlib
import socket
import threading


class Wire:
    def __init__(self, endpoint):
        """endpoint: tcp://HOST:PORT, to which it leads."""
        host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
        self.target = (host, int(port))
        self.whole = threading.Event()
        self.whole.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def cut(self):
        self.whole.clear()

    def heal(self):
        self.whole.set()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            self.whole.wait()
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    def carry(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.whole.wait()
                sink.sendall(data)
        self.whole.wait()
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
