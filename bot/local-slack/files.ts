import { SlackError } from './errors.ts';
import { secret } from './ids.ts';
import type { Fields } from './types.ts';
import type { Workspace } from './workspace.ts';

const maxFiles = 100;

interface Upload {
  id: string;
  key: string;
  name: string;
  length: number;
  bytes: Buffer | null;
  altText: string;
}

/** Uploaded files, kept in memory; the oldest goes when there are too many. */
export class Files {
  readonly #workspace: Workspace;
  readonly #uploads = new Map<string, Upload>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** First step. @returns the file's id and the key of its upload address */
  announce(name: string, length: number, altText: string): { id: string; key: string } {
    const upload = { id: this.#workspace.newFileId(), key: secret(), name, length, bytes: null, altText };
    this.#uploads.set(upload.id, upload);
    if (this.#uploads.size > maxFiles) this.#uploads.delete(this.#uploads.keys().next().value ?? '');
    return upload;
  }

  /** Second step: the bytes. @returns false if nobody announced them */
  receive(key: string, bytes: Buffer): boolean {
    const upload = [...this.#uploads.values()].find((u) => u.key === key);
    if (!upload) return false;
    upload.bytes = bytes;
    return true;
  }

  /** Third step. @throws SlackError file_not_found if the bytes never came */
  complete(id: string, title: string | undefined, url: string): Fields {
    const upload = this.#uploads.get(id);
    if (!upload?.bytes) throw new SlackError('file_not_found');
    return fileShape(upload.id, upload.name, title ?? upload.name, upload.bytes.length, url);
  }

  read(id: string): { name: string; bytes: Buffer } | null {
    const upload = this.#uploads.get(id);
    return upload?.bytes ? { name: upload.name, bytes: upload.bytes } : null;
  }
}

/** A file object as messages carry it (docs.slack.dev/reference/objects/file-object). */
export function fileShape(id: string, name: string, title: string, size: number, url: string): Fields {
  const filetype = name.split('.').at(-1)?.toLowerCase() ?? 'text';
  return {
    id,
    name,
    title,
    filetype,
    size,
    mode: 'hosted',
    is_external: false,
    file_access: 'visible',
    url_private: `${url}/files/${id}/${encodeURIComponent(name)}`,
    permalink: `${url}/files/${id}/${encodeURIComponent(name)}`,
  };
}
