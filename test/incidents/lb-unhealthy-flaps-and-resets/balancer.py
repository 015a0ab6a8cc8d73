"""balancer.py LISTEN PORT…: a layer 4 balancer that asks each target for /healthz five times a second, and resets what is open on one that fails."""
import asyncio
import itertools
import signal
import socket
import struct
import sys

listen, *ports = map(int, sys.argv[1:])
healthy = dict.fromkeys(ports, True)
open_on = {port: set() for port in ports}


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def watch(port):
    while True:
        await asyncio.sleep(0.2)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
            healthy[port] = b" 200 " in await reader.readline()
            writer.close()
        except OSError:
            healthy[port] = False
        if not healthy[port]:
            for one in list(open_on[port]):
                reset(one)


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


turn = itertools.cycle(ports)


async def serve(reader, writer):
    port = next((one for one in itertools.islice(turn, len(ports)) if healthy[one]), ports[0])
    try:
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    both = {writer, outer}
    open_on[port] |= both
    await asyncio.gather(copy(reader, outer), copy(inner, writer))
    open_on[port] -= both


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", listen)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: sys.exit(0))
    async with server:
        await asyncio.gather(server.serve_forever(), *map(watch, ports))


asyncio.run(main())
