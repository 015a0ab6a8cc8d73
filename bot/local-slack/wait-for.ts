export interface WaitOptions {
  /** 10 seconds unless given. */
  timeoutMs?: number;
  /** What is waited for, for the error's text. */
  what?: string;
}

const pollMs = 25;

/**
 * Resolves with the first truthy value of `predicate`, looked at after every change and now and then.
 * @throws Error when the time is up, or when who is in `waiting` is told to give up
 */
export function waitFor<T>(
  predicate: () => T | undefined | null | false,
  options: WaitOptions,
  around: { onChange: (look: () => void) => () => void; waiting: Set<() => void> },
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      clearInterval(poll);
      stop();
      around.waiting.delete(giveUp);
    };
    const giveUp = () => {
      end();
      reject(new Error(`waited ${timeoutMs} ms in vain${options.what ? ` for ${options.what}` : ''}`));
    };
    const look = () => {
      let value: T | undefined | null | false;
      try {
        value = predicate();
      } catch (error) {
        end();
        return reject(error);
      }
      if (!value) return;
      end();
      resolve(value);
    };
    const timer = setTimeout(giveUp, timeoutMs);
    const stop = around.onChange(look);
    // Predicates may also look at what only the caller sees, such as what a listener has heard.
    const poll = setInterval(look, pollMs);
    around.waiting.add(giveUp);
    look();
  });
}
