"""relay.py LISTEN=HOST:PORT[,HOST:PORT…][;send=v1|v2][;delay=SECONDS][;hold=1][;late=SECONDS[;every=N][;rush=N]]…: a layer 4 balancer that turns its targets over and never asks them how they are.

LISTEN is PORT, IP:PORT or unix:PATH, a target may be unix:PATH too: sockets of files cross the borders of network namespaces. A target that refuses costs the client its connection, as with any balancer whose health checks are off.
`hold`: the header goes with the client's first bytes, as with AWS' on_first_ack_with_payload; the connection to the target stands before.
`late`: header and bytes of one in N connections leave that much later than the connection stands, as from a balancer without a free CPU;
with `rush` only while N or more connections began within the last second.
"""
import asyncio
import collections
import itertools
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from turns import begin, hits  # noqa: E402

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def header(kind, peer, here):
    if kind == "v1":
        return f"PROXY TCP4 {peer[0]} {here[0]} {peer[1]} {here[1]}\r\n".encode()
    if kind == "v2":
        addresses = socket.inet_aton(peer[0]) + socket.inet_aton(here[0]) + struct.pack("!HH", peer[1], here[1])
        return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(addresses)) + addresses
    return b""


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


def relay(targets, send=None, delay=0, hold=None, late=0, every=1, rush=0):
    first = begin(len(targets))
    turn = itertools.cycle(targets[first:] + targets[:first])
    count = itertools.count(1)
    begun = collections.deque(maxlen=max(1, int(rush)))

    async def serve(reader, writer):
        host, _, port = next(turn).rpartition(":")
        await asyncio.sleep(float(delay))
        try:
            if host == "unix":
                up_reader, up_writer = await asyncio.open_unix_connection(port)
            else:
                up_reader, up_writer = await asyncio.open_connection(host or "127.0.0.1", int(port))
        except OSError:
            writer.close()
            return
        first = await reader.read(65536) if hold else b""
        now = time.monotonic()
        begun.append(now)
        crowded = len(begun) == begun.maxlen and now - begun[0] < 1
        if hits(next(count), int(every), "late") and (crowded or not int(rush)):
            await asyncio.sleep(float(late))
        up_writer.write(header(send, writer.get_extra_info("peername"), writer.get_extra_info("sockname")) + first)
        await asyncio.gather(copy(reader, up_writer), copy(up_reader, writer))
        for one in (up_writer, writer):
            one.close()

    return serve


async def main(specs):
    for spec in specs:
        first, *more = spec.split(";")
        listen, targets = first.split("=", 1)
        host, _, port = listen.rpartition(":")
        serve = relay(targets.split(","), **dict(m.split("=") for m in more))
        if host == "unix":
            await asyncio.start_unix_server(serve, port)
        else:
            await asyncio.start_server(serve, host or "127.0.0.1", int(port))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
