import { ANDROID } from './android.ts';
import { BROWSERS } from './browsers.ts';
import { DEVICES } from './devices.ts';
import { JAVA } from './java.ts';
import { OPENSSL } from './openssl.ts';
import type { ClientProfile } from './recorded.ts';
import { RUNTIMES } from './runtimes.ts';
import { WINDOWS } from './windows.ts';

/** Every client that is known, old ones first in each family. */
export const CLIENT_PROFILES: readonly ClientProfile[] = [
  ...JAVA,
  ...ANDROID,
  ...WINDOWS,
  ...OPENSSL,
  ...DEVICES,
  ...RUNTIMES,
  ...BROWSERS,
];
