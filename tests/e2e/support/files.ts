import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A folder with these files, in a place of its own. Answers its path. */
export function folderOf(name: string, files: Record<string, string | Uint8Array>): string {
	const folder = join(mkdtempSync(join(tmpdir(), 'geoml-e2e-folder-')), name);
	mkdirSync(folder);
	for (const [path, content] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), content);
	}
	return folder;
}

const MEBIBYTE = 1024 * 1024;

/** Writes a file of random bytes; answers its SHA-256. */
export async function writeRandom(path: string, mebibytes: number): Promise<string> {
	const stream = createWriteStream(path);
	const digest = createHash('sha256');
	for (let written = 0; written < mebibytes; written += 1) {
		const part = randomBytes(MEBIBYTE);
		digest.update(part);
		if (!stream.write(part)) await once(stream, 'drain');
	}
	stream.end();
	await once(stream, 'finish');
	return digest.digest('hex');
}

/** The SHA-256 of a file, read as a stream. */
export async function sha256Of(path: string): Promise<string> {
	const digest = createHash('sha256');
	for await (const part of createReadStream(path)) digest.update(part as Buffer);
	return digest.digest('hex');
}
