import { createServer } from 'node:http';

/** The smallest shop there is: something for the proxy of docker-compose.yml to stand in front of. */
const server = createServer((request, response) => {
  if (request.url === '/healthz') response.end('ok\n');
  else response.setHeader('content-type', 'text/html').end('<h1>The shop is open.</h1>\n');
});
server.listen(9000);
process.once('SIGTERM', () => server.close());
