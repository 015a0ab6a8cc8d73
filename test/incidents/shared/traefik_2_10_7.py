"""traefik_2_10_7.py LISTEN=HOST:PORT: a stand-in for the TLS entry point of Traefik 2.10.7 with PROXY protocol on; it is not Traefik.

It does with the beginning of a connection what was recorded of Traefik 2.10.7 (test/fixtures/wire), and passes on what gets
through to a real TLS server at HOST:PORT: a header is taken if there is one, connections without one too; 200 ms after
accepting it stops waiting for the header (traefik issue 10047: pkg/server/server_entrypoint_tcp.go with go-proxyproto 0.6.1),
and whatever does not begin a TLS record then is a request in clear text to it, a late header among it.
"""
import asyncio
import signal
import sys

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
WAITS = 0.2
# Go's net/http before it has a request, and Traefik's router for a request to no route: byte for byte as recorded.
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
NO_ROUTE = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
    b"Content-Length: 19\r\nConnection: close\r\n\r\n404 page not found\n"
)


class Cut(Exception):
    """A header that is not whole when the time is over, or is none after all."""


def header_length(data):
    """Bytes of the header at the beginning: 0 for none, None while more is needed."""
    if data.startswith(SIGNATURE):
        if len(data) < 16:
            return None
        length = 16 + int.from_bytes(data[14:16], "big")
        return length if len(data) >= length else None
    if data.startswith(b"PROXY "):
        end = data.find(b"\r\n")
        if end < 0:
            raise Cut  # what is not there in the first piece is not waited for
        words = data[:end].split(b" ")
        if words[1] != b"UNKNOWN" and len(words) != 6:
            raise Cut
        return end + 2
    if SIGNATURE.startswith(data[:12]) or b"PROXY ".startswith(data[:6]):
        return None
    return 0


async def beginning(reader):
    """What follows the header; what has come so far when no header came in time."""
    data = b""
    try:
        async with asyncio.timeout(WAITS):
            while True:
                more = await reader.read(65536)
                data += more
                length = header_length(data)
                if length is not None:
                    return data[length:]
                if not more:
                    raise Cut
    except TimeoutError:
        if data:
            raise Cut from None
    return b""


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


def clear_text(first):
    line = first.split(b"\r\n")[0].split(b" ")
    fine = len(line) == 3 and line[0].isalpha() and line[2].startswith(b"HTTP/1.")
    return NO_ROUTE if fine else BAD_REQUEST


def entry_point(target):
    host, _, port = target.rpartition(":")

    async def serve(reader, writer):
        try:
            first = await beginning(reader) or await reader.read(65536)
            if first and first[0] != 0x16:
                while b"\n" not in first and (more := await reader.read(65536)):
                    first += more
                writer.write(clear_text(first))
                await writer.drain()
            elif first:
                up_reader, up_writer = await asyncio.open_connection(host, int(port))
                up_writer.write(first)
                await asyncio.gather(copy(reader, up_writer), copy(up_reader, writer))
                up_writer.close()
        except (Cut, OSError):
            pass
        writer.close()

    return serve


async def main(specs):
    for spec in specs:
        listen, target = spec.split("=", 1)
        await asyncio.start_server(entry_point(target), "127.0.0.1", int(listen), backlog=512)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
