/** More than any answer that is asked for: a page of an endless gateway ends here. */
const MAX_BYTES = 512 * 1024;

/**
 * A `fetch` that reads at most MAX_BYTES of an answer and follows no redirect: what is sent goes to the configured place
 * and to no other. Rejects as `fetch` does; a longer body errors while it is read.
 */
export async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: 'error' });
  if (response.body === null) return response;
  let bytes = 0;
  const bounded = response.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > MAX_BYTES) controller.error(new Error(`the model's answer is longer than ${MAX_BYTES} bytes`));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(bounded, { status, statusText, headers });
}
