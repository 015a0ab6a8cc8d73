import type { IncomingMessage } from 'node:http';

/** One answer of an application. */
export interface Page {
  status: number;
  type: string;
  headers?: Record<string, string>;
  body: string;
}

/**
 * The answer of an application to a request: each has the marks of the framework that such a product really runs on, so that
 * an error page can be told from a proxy's.
 */
export function pageOf(application: string, endpoint: string, request: IncomingMessage, status: number): Page {
  const look = LOOKS[application] ?? plain;
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const page = path === '/healthz' ? health(application) : look(status, path);
  return { ...page, headers: { ...page.headers, 'x-served-by': endpoint } };
}

type Look = (status: number, path: string) => Page;

function health(application: string): Page {
  return { status: 200, type: 'application/json', body: `${JSON.stringify({ status: 'ok', service: application })}\n` };
}

const shop: Look = (status) => {
  const headers = { server: 'Puma', 'x-powered-by': 'Ruby on Rails', 'x-request-id': crypto.randomUUID() };
  const body =
    status === 200
      ? html('Example Shop', '<h1>Example Shop</h1><p>Shelves, boxes and tape. Delivered tomorrow.</p>')
      : html(
          `We're sorry, but something went wrong (${status})`,
          "<h1>We're sorry, but something went wrong.</h1><p>If you are the application owner check the logs for more information.</p>",
        );
  return { status, type: 'text/html; charset=utf-8', headers, body };
};

const metabase: Look = (status, path) => {
  const headers = { server: 'Jetty(11.0.24)', 'x-metabase-version': 'v1.52.1', 'cache-control': 'no-store' };
  if (status !== 200) {
    const error = {
      via: [
        { type: 'java.sql.SQLException', message: 'Connections could not be acquired from the underlying database!' },
      ],
    };
    return { status, type: 'application/json;charset=utf-8', headers, body: `${JSON.stringify(error)}\n` };
  }
  if (path.startsWith('/api/'))
    return { status, type: 'application/json;charset=utf-8', headers, body: '{"status":"ok"}\n' };
  return { status, type: 'text/html;charset=utf-8', headers, body: html('Metabase', '<div id="root"></div>') };
};

const wiki: Look = (status) => ({
  status,
  type: 'text/html; charset=UTF-8',
  headers: { server: 'Apache/2.4.62 (Debian)', 'x-powered-by': 'PHP/8.2.29' },
  body: html(
    'Wiki',
    status === 200 ? '<h1>Main Page</h1>' : '<h1>Internal error</h1><p>Fatal exception of type "DBQueryError"</p>',
  ),
});

const billing: Look = (status, path) => ({
  status,
  type: 'application/json',
  headers: { 'x-application-context': 'billing:prod', 'x-content-type-options': 'nosniff' },
  body: `${JSON.stringify(status === 200 ? { open: 3, currency: 'EUR' } : { timestamp: new Date().toISOString(), status, error: 'Internal Server Error', path })}\n`,
});

const plain: Look = (status) => ({ status, type: 'text/plain', body: status === 200 ? 'ok\n' : 'error\n' });

const LOOKS: Record<string, Look> = { shop, metabase, wiki, billing };

function html(title: string, body: string): string {
  return `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body>${body}</body></html>\n`;
}
