"""An SMTP server for measuring its clients: aiosmtpd, which takes every mail and keeps none.

    sink_mail.py PORT DELAY-MS [FILE]

It thinks so long about each mail before it says that it has it, as a server does that writes it to a disk. The first
mail's bytes go to FILE.
"""

import asyncio
import pathlib
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self, delay, path):
        self.delay, self.path = delay, path

    async def handle_DATA(self, _server, _session, envelope):
        if self.path:
            unfinished = pathlib.Path(f"{self.path}.unfinished")
            unfinished.write_bytes(envelope.original_content)
            unfinished.rename(self.path)
            self.path = None
        if self.delay:
            await asyncio.sleep(self.delay)
        return "250 2.0.0 Ok: kept nowhere"


async def serve(port, delay, path=None):
    handler, loop = Handler(delay, path), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="sink.example", loop=loop), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000, *sys.argv[3:]))
