"""forgetful.py LISTEN PORT…: a layer 4 relay that forgets a connection after a second without a byte, and resets who speaks on it then."""
import asyncio
import itertools
import signal
import socket
import struct
import sys
import time

IDLE = 1.0


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def copy(reader, writer, seen, back):
    try:
        while data := await reader.read(65536):
            if time.monotonic() - seen[0] > IDLE:
                # Forgotten: an NLB answers the next packet with a reset, and tells neither side before.
                reset(back)
                reset(writer)
                return
            seen[0] = time.monotonic()
            writer.write(data)
            await writer.drain()
        writer.close()
    except OSError:
        writer.close()


async def main():
    listen, *targets = map(int, sys.argv[1:])
    turn = itertools.cycle(targets)

    async def serve(reader, writer):
        try:
            inner, outer = await asyncio.open_connection("127.0.0.1", next(turn))
        except OSError:
            return reset(writer)
        seen = [time.monotonic()]
        await asyncio.gather(copy(reader, outer, seen, writer), copy(inner, writer, seen, outer))

    server = await asyncio.start_server(serve, "127.0.0.1", listen)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.close)
    try:
        await server.serve_forever()
    except asyncio.CancelledError:
        pass


asyncio.run(main())
