"""What anybody in the network can send to a UDP port, knowing nothing but its number."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import time
from collections.abc import Iterator

from aioice import stun
from OpenSSL import SSL

from tests.webrtc import offers

from .target import Target

SIZES = (0, 1, 2, 13, 100, 1200, 1500, 1501, 2000, 9000, 65507)
HELLOS = 20_000
HELLOS_PER_S = 2_000.0
HELLOS_A_ROUND = 100
FLOOD_BYTES = 60_000
STUN_SOCKETS = 64
CHECKING_SOCKETS = 2_000
OFFER_AGAIN_S = 3.0
_RANDOM_AT = 27  # of a ClientHello, behind record, message header and version (RFC 6347)
_RANDOM_BYTES = 32


def sweep(target: Target) -> str:
    """empty, tiny, over-long and random datagrams, to every UDP port again and again"""
    count = rounds = 0
    with target.udp_socket() as udp:
        while target.is_on:
            for port in target.udp_ports():
                for size in SIZES:
                    udp.sendto(os.urandom(size), (target.host, port))
                    count += 1
            rounds += 1
            time.sleep(0.01)
    return f"{count} datagrams in {rounds} sweeps"


def hellos(target: Target) -> str:
    """20 000 DTLS ClientHellos to the ports of all viewers and of an offer that never connects"""
    hello, count = client_hello(), 0
    offered_s = -OFFER_AGAIN_S
    with target.udp_socket() as udp:
        while target.is_on and count < HELLOS:
            if target.elapsed_s - offered_s >= OFFER_AGAIN_S:
                target.offer()
                offered_s = target.elapsed_s
            ports = target.udp_ports()
            for number in range(HELLOS_A_ROUND if ports else 0):
                hello[_RANDOM_AT : _RANDOM_AT + _RANDOM_BYTES] = os.urandom(_RANDOM_BYTES)
                udp.sendto(hello, (target.host, ports[number % len(ports)]))
                count += 1
            time.sleep(max(0.005, count / HELLOS_PER_S - target.elapsed_s))
    return f"{count} hellos"


def flood(target: Target) -> str:
    """datagrams of 60 kB, as fast as possible, to the port of an offer that never connects"""
    datagram = b"\x17" + os.urandom(FLOOD_BYTES - 1)
    sent = 0
    with target.udp_socket() as udp:
        for port in _offered_ports(target):
            udp.sendto(datagram, (target.host, port))
            sent += len(datagram)
    return f"{sent / 1e6:.0f} MB"


def bogus_stun(target: Target) -> str:
    """STUN binding requests that are unsigned, signed wrongly or malformed, to every UDP port"""
    count = 0
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(target.udp_socket()) for _ in range(STUN_SOCKETS)]
        while target.is_on:
            ports = target.udp_ports()
            messages = list(_bogus_messages())
            for udp in sockets if ports else ():
                for message in messages:
                    udp.sendto(message, (target.host, random.choice(ports)))
                    count += 1
            time.sleep(0.002)
    return f"{count} messages"


def checks(target: Target) -> str:
    """ICE checks, rightly signed by who made an offer, from 2 000 ports"""
    count = 0
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(target.udp_socket()) for _ in range(CHECKING_SOCKETS)]
        while target.is_on:
            answer = target.offer()
            if answer is None:
                time.sleep(0.2)
                continue
            until_s = target.elapsed_s + OFFER_AGAIN_S
            while target.is_on and target.elapsed_s < until_s:
                count += _check(
                    target.host, answer.port, _signed(answer.ice_ufrag, answer.ice_pwd), sockets
                )
    return f"{count} checks"


def client_hello() -> bytearray:
    """A real one, as OpenSSL begins a DTLS connection."""
    connection = SSL.Connection(SSL.Context(SSL.DTLS_METHOD))
    connection.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return bytearray(connection.bio_read(2048))


def _offered_ports(target: Target) -> Iterator[int]:
    """The port of an offer of ours, for as long as the attack goes on; now and then another."""
    offered_s, port = -OFFER_AGAIN_S, 0
    while target.is_on:
        if target.elapsed_s - offered_s >= OFFER_AGAIN_S:
            answer = target.offer()
            port = answer.port if answer else port
            offered_s = target.elapsed_s
        if port:
            yield port
        else:
            time.sleep(0.2)


def _bogus_messages() -> Iterator[bytes]:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    yield bytes(request)
    yield _signed("0000", "0" * 24)
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
    response.attributes["XOR-MAPPED-ADDRESS"] = ("127.0.0.2", 9)
    response.add_message_integrity(b"0" * 24)
    yield bytes(response)
    head = bytes(request)[:2]
    for attributes in (
        b"\x00\x20\x00\x01\x00\x00\x00\x00",
        b"\x00\x24\x00\x00",
        b"\x80\x28\xff\xff",
    ):
        length = len(attributes).to_bytes(2, "big")
        yield head + length + b"\x21\x12\xa4\x42" + os.urandom(12) + attributes


def _signed(ice_ufrag: str, ice_pwd: str) -> bytes:
    """An ICE check that nominates, as whoever sent Chromium's offer would make it."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    ours = offers.load(offers.CHROMIUM).split("a=ice-ufrag:", 1)[1].split()[0]
    message.attributes["USERNAME"] = f"{ice_ufrag}:{ours}"
    message.attributes["PRIORITY"] = 1
    message.attributes["ICE-CONTROLLING"] = 1
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(ice_pwd.encode())
    return bytes(message)


def _check(host: str, port: int, check: bytes, sockets: list[socket.socket]) -> int:
    for udp in sockets:
        udp.sendto(check, (host, port))
    time.sleep(0.02)
    return len(sockets)
