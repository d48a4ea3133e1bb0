"""Messages, keys, signatures and the chain, written from docs/protocol.md, docs/log.md and proto/ alone."""
import collections
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

import nacl.bindings
import nacl.exceptions
import nacl.signing

# The table of refusals in docs/protocol.md.
REFUSAL_WORDS = {
    1: "version", 2: "fenced", 3: "busy", 4: "disk", 5: "invalid", 6: "identity", 7: "region", 8: "epoch",
    9: "signature", 10: "stale", 11: "conflict", 12: "mode", 13: "clock", 14: "expired", 15: "right",
    16: "second-person", 17: "no-incident", 18: "incident-closed", 19: "no-order", 20: "no-addressee",
    21: "order-kind", 22: "deadline", 23: "not-addressee", 24: "order-ended", 25: "rung-back",
    26: "head-count", 27: "no-amendment", 28: "nobody-on-scene", 29: "open-orders", 30: "reference",
    31: "too-many", 32: "founding"}


def load_proto(source):
    """Compiles proto/muster/v1 into a temporary folder and gives all its messages in one namespace."""
    with tempfile.TemporaryDirectory(prefix="muster-proto-") as folder:
        root = os.path.join(source, "proto")
        names = sorted(n for n in os.listdir(os.path.join(root, "muster", "v1")) if n.endswith(".proto"))
        subprocess.run(["protoc", "-I", root, "--python_out", folder] + ["muster/v1/" + n for n in names],
                       check=True, timeout=60)
        sys.path.insert(0, folder)
        try:
            from muster.v1 import alert_pb2, command_pb2, common_pb2, envelope_pb2, event_pb2, record_pb2
        finally:
            sys.path.remove(folder)
    pb = type(sys)("muster_pb")
    for module in (alert_pb2, common_pb2, command_pb2, event_pb2, record_pb2, envelope_pb2):
        for name in dir(module):
            if not name.startswith("_") and name != "DESCRIPTOR":
                setattr(pb, name, getattr(module, name))
    return pb


pb = load_proto(os.environ.get("MUSTER_SOURCE", os.path.join(os.path.dirname(__file__), "..", "..")))
BODY_OF = {field.message_type.full_name: field.name for field in pb.Command.DESCRIPTOR.oneofs[0].fields}
BODY_NUMBER = {field.name: field.number for field in pb.Command.DESCRIPTOR.oneofs[0].fields}
BROKERS_OWN = BODY_NUMBER["pass_deadlines"]
ENVELOPE_OF = {field.message_type.full_name: field.name for field in pb.Envelope.DESCRIPTOR.oneofs[0].fields}


def now_ms():
    return int(time.time() * 1000)


def new_id(tail=None):
    """16 bytes, the first six being unix milliseconds; `tail`: its last bytes."""
    random = os.urandom(10)
    if tail is not None:
        random = random[:10 - len(tail)] + tail
    return now_ms().to_bytes(6, "big") + random


def ulid(id):
    """The 26 characters of Crockford base 32 that people see."""
    number = int.from_bytes(id, "big")
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(digits[number >> 5 * place & 31] for place in range(25, -1, -1))


# --- keys and signatures ------------------------------------------------------------------------------------

class Keys:
    """One NAME.key: who speaks (curve) and who signs (sign)."""

    def __init__(self, name, sign=None, curve=None):
        self.name = name
        self.sign = nacl.signing.SigningKey(sign if sign is not None else os.urandom(32))
        self.curve = curve if curve is not None else os.urandom(32)
        self.sign_public = bytes(self.sign.verify_key)
        self.curve_public = nacl.bindings.crypto_scalarmult_base(self.curve)

    @classmethod
    def read(cls, path):
        with open(path, encoding="utf-8") as file:
            found = re.fullmatch(
                "muster secret key 1\nname: (.+)\nsign: ([0-9a-f]{64})\ncurve: ([0-9a-f]{64})\n", file.read())
        return cls(found[1], bytes.fromhex(found[2]), bytes.fromhex(found[3]))

    def write(self, path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"muster secret key 1\nname: {self.name}\nsign: {bytes(self.sign).hex()}\n"
                       f"curve: {self.curve.hex()}\n")


def write_public(path, name, sign, curve):
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"muster public key 1\nname: {name}\nsign: {sign.hex()}\ncurve: {curve.hex()}\n")


def H(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def leaf_of(salt, payload):
    return H(b"\x00" + salt + payload)


def signed_bytes(root):
    return b"muster-v1\x00" + root


def sign(payload, author, second=None, salt=None):
    """One command alone: its leaf is the root. `second`: the other operator's Keys, where two are needed."""
    salt = os.urandom(16) if salt is None else salt
    text = signed_bytes(leaf_of(salt, payload))
    signed = pb.Signed(payload=payload, salt=salt, batch_index=0, batch_size=1,
                       hash_alg=pb.HASH_ALG_BLAKE2B_256)
    signed.signatures.add(alg=pb.SIGN_ALG_ED25519, bytes=author.sign.sign(text).signature)
    if second is not None:
        signed.signatures.add(alg=pb.SIGN_ALG_ED25519, signer=second.name,
                              bytes=second.sign.sign(text).signature)
    return signed


def sign_batch(payloads, author):
    """One signature over a Merkle root of many commands."""
    salts = [os.urandom(16) for _ in payloads]
    level = [leaf_of(salt, payload) for salt, payload in zip(salts, payloads)]
    paths = [[] for _ in payloads]
    at = list(range(len(payloads)))
    while len(level) > 1:
        for i, place in enumerate(at):
            if place ^ 1 < len(level):
                paths[i].append(level[place ^ 1])
            at[i] = place // 2
        level = [H(b"\x01" + level[i] + level[i + 1]) if i + 1 < len(level) else level[i]
                 for i in range(0, len(level), 2)]
    signature = author.sign.sign(signed_bytes(level[0])).signature
    result = []
    for i, payload in enumerate(payloads):
        signed = pb.Signed(payload=payload, salt=salts[i], batch_index=i, batch_size=len(payloads),
                           path=paths[i], hash_alg=pb.HASH_ALG_BLAKE2B_256)
        signed.signatures.add(alg=pb.SIGN_ALG_ED25519, bytes=signature)
        result.append(signed)
    return result


def root_of(signed):
    node, index, size = leaf_of(signed.salt, signed.payload), signed.batch_index, signed.batch_size
    path = collections.deque(signed.path)
    while size > 1:
        if index ^ 1 < size:
            sibling = path.popleft()
            node = H(b"\x01" + sibling + node) if index & 1 else H(b"\x01" + node + sibling)
        index, size = index // 2, (size + 1) // 2
    if path:
        raise ValueError("the path is longer than the tree is high")
    return node


def verify(key, text, signature):
    try:
        nacl.signing.VerifyKey(key).verify(text, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


def verify_head(head, key):
    text = (b"muster-head-v1\x00" + head.region.encode() + b"\x00" + struct.pack(">QQ", head.epoch, head.seq)
            + head.hash)
    return verify(key, text, head.signature)


# --- the log's chain, by docs/log.md ------------------------------------------------------------------------

def chain_hash(previous, item):
    """The hash of a TailItem's record on top of the hash of the one before it."""
    author = item.author.encode()
    header = (struct.pack(">QQIBqqq", item.seq, item.epoch, item.kind, item.outcome, item.bus_ms, item.utc_ms,
                          item.occurred_ms)
              + item.boot + struct.pack(">I", len(author)) + author + struct.pack(">Q", item.counter))
    return H(struct.pack(">I", 1) + previous + struct.pack(">I", len(header)) + header + item.payload_hash)


def check_chain(items):
    """What is wrong with a whole log's items, in words; empty if nothing is."""
    previous, wrong = bytes(32), []
    for expected, item in enumerate(items, 1):
        if item.seq != expected:
            wrong.append(f"seq {item.seq} in place of {expected}")
        if chain_hash(previous, item) != item.hash:
            wrong.append(f"seq {item.seq}: the hash does not follow from the one before")
        if item.record and H(item.record) != item.payload_hash:
            wrong.append(f"seq {item.seq}: the payload is not what was hashed")
        previous = item.hash
    return wrong


class BadSignature(Exception):
    """Not signed by its author, as far as is known."""


class Keyring:
    """Who may have signed, and when, learnt from the region's stream, from the root key down."""

    def __init__(self, root):
        self.root, self.broker, self.keys = root, None, {}

    @classmethod
    def learn(cls, root, items):
        """From the TailItems of the region's stream, each checked by what those before it said."""
        keyring = cls(root)
        for item in items:
            record = pb.Record.FromString(item.record)
            keyring.check(record, item.seq)
            for event in record.events:
                kind = event.WhichOneof("body")
                body = getattr(event, kind)
                if kind == "region_founded":
                    keyring.broker = body.broker_sign_key
                elif kind in ("agent_enrolled", "operator_enrolled", "revoked"):
                    keyring.keys.setdefault(body.name, []).append((item.seq, getattr(body, "sign_key", None)))
        return keyring

    def key(self, command, seq):
        """The key that the command's author had when record `seq` was written."""
        author = command.operator or command.agent
        if BODY_NUMBER[command.WhichOneof("body")] >= BROKERS_OWN:
            return self.broker
        if not author:
            return self.root
        return next((key for since, key in reversed(self.keys.get(author, [])) if since < seq), None)

    def check(self, record, seq):
        """The record's command, if its author signed it."""
        command = pb.Command.FromString(record.command.payload)
        key = self.key(command, seq)
        text = signed_bytes(root_of(record.command))
        if key is None or not verify(key, text, record.command.signatures[0].bytes):
            raise BadSignature(f"record {seq} of {command.agent} {command.operator}")
        return command
